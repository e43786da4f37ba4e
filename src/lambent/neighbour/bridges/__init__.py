"""What runs inside moto's process in place of its own deliveries to Lambda and SQS, which know nothing of Lambent's."""
