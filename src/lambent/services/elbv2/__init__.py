"""Load balancers whose targets are functions; what is configured is the neighbour's."""
