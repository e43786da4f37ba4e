locals { limit = 60 }

data "archive_file" "code" {
  type        = "zip"
  source_dir  = "${path.module}/src"
  output_path = "code.zip"
}

resource "aws_lambda_function" "Orders" {
  function_name = "orders"
  filename      = data.archive_file.code.output_path
  handler       = "app.handler"
  runtime       = "python3.12"
  timeout       = local.limit
  memory_size   = 512
  reserved_concurrent_executions = 7
  dead_letter_config {
    target_arn = aws_sqs_queue.Queue.arn
  }
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

resource "aws_lambda_event_source_mapping" "changes" {
  event_source_arn       = aws_dynamodb_table.Table.stream_arn
  function_name          = aws_lambda_function.Orders.arn
  batch_size             = 20
  starting_position      = "LATEST"
  maximum_retry_attempts = 3
}

resource "aws_cloudwatch_event_rule" "nightly" {
  schedule_expression = "rate(5 minutes)"
}

resource "aws_cloudwatch_event_target" "nightly" {
  rule = aws_cloudwatch_event_rule.nightly.name
  arn  = aws_lambda_function.Orders.arn
}

resource "aws_dynamodb_table" "Table" {
  name             = "orders"
  hash_key         = "id"
  billing_mode     = "PAY_PER_REQUEST"
  stream_enabled   = true
  stream_view_type = "NEW_IMAGE"
  attribute {
    name = "id"
    type = "S"
  }
}

resource "aws_cloudwatch_metric_alarm" "Alarm" {
  namespace   = "AWS/Lambda"
  metric_name = "Errors"
  threshold   = 1
}

resource "aws_cloudwatch_log_group" "Logs" {
  name              = "/aws/lambda/orders"
  retention_in_days = 14
}
