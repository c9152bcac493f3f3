"""Serving environments.

`command` is `serve-env`. It starts `supervisor`, the process that clients dial, which keeps a `pool` of worker
processes; each runs `worker`, whose `session` answers the requests about the `lanes` of one shard. These are `copies`
of one environment or the `vector_lanes` of a vector environment. `factory` makes environments, `opening` checks and
describes them, `actions` checks what clients send, `infos` puts infos into Gymnasium's vector form. `snapshots` takes
the state of an environment, `restoring` puts it back, and `states` makes bytes of it; `simulations` knows MuJoCo's.
"""
