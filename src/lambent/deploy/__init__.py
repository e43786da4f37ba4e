"""Templates become resources: the engine of CloudFormation, without HTTP and without AWS's wire forms."""
