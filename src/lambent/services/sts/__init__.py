"""AWS Security Token Service: https://docs.aws.amazon.com/STS/latest/APIReference/welcome.html"""
