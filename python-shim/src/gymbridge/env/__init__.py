"""Serving environments.

`command` is `serve-env`. It starts `supervisor`, the process that clients dial, which keeps a `pool` of worker
processes; each runs `worker`, whose `session` steps the `lanes` of one shard. `factory` makes environments, `actions`
checks what clients send, `infos` puts infos into Gymnasium's vector form.
"""
