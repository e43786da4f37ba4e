terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  s3_use_path_style = true
}

variable "answer" {}
variable "batch" {}
variable "queue" {}
variable "runtime" {}

data "aws_caller_identity" "me" {}

locals {
  trusted = ["lambda.amazonaws.com", "scheduler.amazonaws.com", "states.amazonaws.com"]
}

resource "aws_iam_role" "works" {
  name = "by-terraform"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = local.trusted } }]
  })
}

resource "aws_iam_role_policy" "works" {
  role = aws_iam_role.works.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["sqs:*", "dynamodb:*", "lambda:InvokeFunction"], Resource = "*" }]
  })
}

resource "aws_iam_role_policy_attachment" "logs" {
  role       = aws_iam_role.works.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
}

resource "aws_cloudwatch_log_group" "works" {
  name              = "/aws/lambda/by-terraform"
  retention_in_days = 7
}

resource "aws_lambda_function" "works" {
  function_name    = "by-terraform"
  role             = aws_iam_role.works.arn
  runtime          = var.runtime
  handler          = "app.handler"
  timeout          = 20
  filename         = "${var.answer}.zip"
  source_code_hash = filebase64sha256("${var.answer}.zip")
  publish          = true
  tags             = { team = "blue" }
  environment {
    variables = { ANSWER = var.answer }
  }
}

resource "aws_lambda_alias" "live" {
  name             = "live"
  function_name    = aws_lambda_function.works.function_name
  function_version = aws_lambda_function.works.version
}

resource "aws_lambda_function_url" "works" {
  function_name      = aws_lambda_function.works.function_name
  authorization_type = "NONE"
}

resource "aws_lambda_event_source_mapping" "queue" {
  event_source_arn        = var.queue
  function_name           = aws_lambda_function.works.arn
  batch_size              = var.batch
  function_response_types = ["ReportBatchItemFailures"]
  filter_criteria {
    filter {
      pattern = jsonencode({ body = { kind = ["a"] } })
    }
  }
  scaling_config {
    maximum_concurrency = 3
  }
}

resource "aws_dynamodb_table" "things" {
  name             = "by-terraform"
  billing_mode     = "PAY_PER_REQUEST"
  hash_key         = "id"
  stream_enabled   = true
  stream_view_type = "NEW_IMAGE"
  attribute {
    name = "id"
    type = "S"
  }
}

resource "aws_lambda_event_source_mapping" "stream" {
  event_source_arn               = aws_dynamodb_table.things.stream_arn
  function_name                  = aws_lambda_alias.live.arn
  starting_position              = "LATEST"
  bisect_batch_on_function_error = true
  maximum_retry_attempts         = 2
  destination_config {
    on_failure {
      destination_arn = var.queue
    }
  }
}

resource "aws_s3_bucket" "files" {
  bucket = "by-terraform"
}

resource "aws_s3_bucket_public_access_block" "files" {
  bucket            = aws_s3_bucket.files.id
  block_public_acls = true
}

resource "aws_lambda_permission" "files" {
  function_name = aws_lambda_function.works.function_name
  action        = "lambda:InvokeFunction"
  principal     = "s3.amazonaws.com"
  source_arn    = aws_s3_bucket.files.arn
}

resource "aws_s3_bucket_notification" "files" {
  bucket     = aws_s3_bucket.files.id
  depends_on = [aws_lambda_permission.files]
  lambda_function {
    lambda_function_arn = aws_lambda_function.works.arn
    events              = ["s3:ObjectCreated:*"]
  }
}

resource "aws_apigatewayv2_api" "web" {
  name          = "by-terraform"
  protocol_type = "HTTP"
}

resource "aws_apigatewayv2_integration" "web" {
  api_id                 = aws_apigatewayv2_api.web.id
  integration_type       = "AWS_PROXY"
  integration_uri        = aws_lambda_function.works.invoke_arn
  payload_format_version = "2.0"
}

resource "aws_apigatewayv2_route" "web" {
  api_id    = aws_apigatewayv2_api.web.id
  route_key = "GET /hello"
  target    = "integrations/${aws_apigatewayv2_integration.web.id}"
}

resource "aws_apigatewayv2_stage" "web" {
  api_id      = aws_apigatewayv2_api.web.id
  name        = "$default"
  auto_deploy = true
}

resource "aws_lambda_permission" "web" {
  function_name = aws_lambda_function.works.function_name
  action        = "lambda:InvokeFunction"
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.web.execution_arn}/*/*"
}

resource "aws_api_gateway_rest_api" "rest" {
  name = "by-terraform"
}

resource "aws_api_gateway_resource" "rest" {
  rest_api_id = aws_api_gateway_rest_api.rest.id
  parent_id   = aws_api_gateway_rest_api.rest.root_resource_id
  path_part   = "hello"
}

resource "aws_api_gateway_method" "rest" {
  rest_api_id   = aws_api_gateway_rest_api.rest.id
  resource_id   = aws_api_gateway_resource.rest.id
  http_method   = "GET"
  authorization = "NONE"
}

resource "aws_api_gateway_integration" "rest" {
  rest_api_id             = aws_api_gateway_rest_api.rest.id
  resource_id             = aws_api_gateway_resource.rest.id
  http_method             = aws_api_gateway_method.rest.http_method
  type                    = "AWS_PROXY"
  integration_http_method = "POST"
  uri                     = aws_lambda_function.works.invoke_arn
}

resource "aws_api_gateway_deployment" "rest" {
  rest_api_id = aws_api_gateway_rest_api.rest.id
  triggers    = { again = "${aws_api_gateway_integration.rest.id}-${var.batch}" }
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_api_gateway_stage" "rest" {
  rest_api_id   = aws_api_gateway_rest_api.rest.id
  deployment_id = aws_api_gateway_deployment.rest.id
  stage_name    = "dev"
}

resource "aws_cloudwatch_event_rule" "hourly" {
  name                = "by-terraform"
  schedule_expression = "rate(1 hour)"
}

resource "aws_cloudwatch_event_target" "hourly" {
  rule = aws_cloudwatch_event_rule.hourly.name
  arn  = aws_lambda_function.works.arn
}

resource "aws_scheduler_schedule" "hourly" {
  name                = "by-terraform"
  schedule_expression = "rate(1 hours)"
  flexible_time_window {
    mode = "OFF"
  }
  target {
    arn      = aws_lambda_function.works.arn
    role_arn = aws_iam_role.works.arn
  }
}

resource "aws_sfn_state_machine" "steps" {
  name       = "by-terraform"
  role_arn   = aws_iam_role.works.arn
  definition = jsonencode({ StartAt = "A", States = { A = { Type = "Pass", End = true } } })
}

output "url" { value = aws_lambda_function_url.works.function_url }
output "api" { value = aws_apigatewayv2_api.web.id }
output "mapping" { value = aws_lambda_event_source_mapping.queue.uuid }
