"""Application Auto Scaling of provisioned concurrency; every other namespace is the neighbour's."""
