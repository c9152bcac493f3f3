def act(observations):
    return (observations[:, 2] + 0.5 * observations[:, 3] > 0).astype('int64')
