"""The only place where protobuf messages and NumPy or Gymnasium objects meet.

`spaces` turns Gymnasium spaces into messages and back, `values` batches of their values, `items` everything that
carries its own type: infos, options, keyword arguments. A batch has one column per leaf of its space: `leaves` says
what a leaf does and has those of one size, `variable` those of Text, Sequence, Graph and OneOf. `dtypes` is the table
of element types they share.
"""
