"""Every service that is answered here."""

from lambent.services.apigateway.service import SERVICE as APIGATEWAY
from lambent.services.apigatewayv2.service import CONNECTIONS
from lambent.services.apigatewayv2.service import SERVICE as APIGATEWAYV2
from lambent.services.application_autoscaling.service import SERVICE as APPLICATION_AUTOSCALING
from lambent.services.cloudcontrol.service import SERVICE as CLOUDCONTROL
from lambent.services.cloudformation.service import SERVICE as CLOUDFORMATION
from lambent.services.cloudtrail.service import SERVICE as CLOUDTRAIL
from lambent.services.cloudwatch.service import SERVICE as CLOUDWATCH
from lambent.services.codedeploy.service import SERVICE as CODEDEPLOY
from lambent.services.ecr.service import SERVICE as ECR
from lambent.services.elbv2.service import SERVICE as ELBV2
from lambent.services.events.service import SERVICE as EVENTS
from lambent.services.iot.service import DATA as IOT_DATA
from lambent.services.iot.service import SERVICE as IOT
from lambent.services.kinesis.service import SERVICE as KINESIS
from lambent.services.lambda_.service import SERVICE as LAMBDA
from lambent.services.logs.service import SERVICE as LOGS
from lambent.services.s3.service import SERVICE as S3
from lambent.services.scheduler.service import SERVICE as SCHEDULER
from lambent.services.secretsmanager.service import SERVICE as SECRETSMANAGER
from lambent.services.sns.service import SERVICE as SNS
from lambent.services.sqs.service import SERVICE as SQS
from lambent.services.sts.service import SERVICE as STS
from lambent.services.xray.service import SERVICE as XRAY

ANSWERED = (
    LAMBDA,
    LOGS,
    CLOUDWATCH,
    SQS,
    SNS,
    KINESIS,
    EVENTS,
    SCHEDULER,
    APIGATEWAY,
    APIGATEWAYV2,
    CONNECTIONS,
    ELBV2,
    APPLICATION_AUTOSCALING,
    CLOUDFORMATION,
    CLOUDCONTROL,
    CODEDEPLOY,
    ECR,
    STS,
    SECRETSMANAGER,
    CLOUDTRAIL,
    IOT,
    IOT_DATA,
    S3,
    XRAY,
)
