"""What CloudTrail tells of the calls to this platform; trails themselves are the neighbour's."""
