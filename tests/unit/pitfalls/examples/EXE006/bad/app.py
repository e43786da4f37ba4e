import torch

model = torch.load("model.pt")  # expect


def handler(event, context):
    return model(event)
