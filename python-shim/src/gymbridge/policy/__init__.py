"""Serving policies: `command` is `serve-policy`, `load` turns what it is told into a policy, `service` answers.

`network` is inference with a network from an .npz file, `base` what every kind of policy is. `bundle_policy` is not
served: a bundle that acts in this process.
"""
