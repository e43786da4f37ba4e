"""The registry itself: the distribution API that docker, skopeo, crane and their like speak."""
