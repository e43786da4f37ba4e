"""How AWS talks: botocore's service models in, HTTP out. Knows no service by name."""
