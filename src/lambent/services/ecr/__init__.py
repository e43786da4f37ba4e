"""Amazon ECR: repositories of container images, and the registry that docker and its like push to."""
