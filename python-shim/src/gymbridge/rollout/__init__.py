"""Rollouts: a policy that a client has put acts in the worker, which steps its lanes by itself.

`roller` steps and answers; `bundle` reads what was put, and `onnx` checks the graph in it; `engines` compute it, with
NumPy (`numpy_engine`) or ONNX Runtime; `heads` make actions of the graph's outputs and of `noise`.
"""
