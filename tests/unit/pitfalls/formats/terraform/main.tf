locals { limit = 60 }

data "archive_file" "code" {
  type        = "zip"
  source_dir  = "${path.module}/src"
  output_path = "code.zip"
}

resource "aws_lambda_function" "Orders" {
  function_name = "Orders"
  filename      = data.archive_file.code.output_path
  handler       = "app.handler"
  runtime       = "python3.12"
  timeout       = local.limit
  memory_size   = 512
  role          = aws_iam_role.role.arn
  environment {
    variables = { TABLE = "orders" }
  }
}

resource "aws_iam_role" "role" {
  assume_role_policy = "{}"
}

resource "aws_iam_role_policy" "policy" {
  role = aws_iam_role.role.id
  policy = jsonencode({
    Statement = [{ Effect = "Allow", Action = "dynamodb:PutItem", Resource = "*" }]
  })
}

resource "aws_sqs_queue" "Queue" {
  visibility_timeout_seconds = 90
}

resource "aws_lambda_event_source_mapping" "mapping" {
  event_source_arn = aws_sqs_queue.Queue.arn
  function_name    = aws_lambda_function.Orders.function_name
  batch_size       = 5
}
