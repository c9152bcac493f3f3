"""The only place where protobuf messages and NumPy or Gymnasium objects meet.

`spaces` turns Gymnasium spaces into messages and back, `values` batches of their values, `items` everything that
carries its own type: infos, options, keyword arguments. `dtypes` is the table of element types they share.
"""
