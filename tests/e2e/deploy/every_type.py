"""A template with a resource of most types, and what of it an update changes."""

import copy
from typing import Any

from tests.e2e.conftest import RUNTIME

ANSWERS = """
import cfnresponse
def handler(event, context):
    data = {"Echo": event["ResourceProperties"]["N"] + event["RequestType"]}
    cfnresponse.send(event, context, cfnresponse.SUCCESS, data, "physical")
"""
SERVICES = ("lambda", "states", "apigateway", "events", "scheduler", "codedeploy", "logs")
TRUST = {
    "Effect": "Allow",
    "Principal": {"Service": [f"{service}.amazonaws.com" for service in SERVICES]},
    "Action": "sts:AssumeRole",
}
ROLE = {
    "Type": "AWS::IAM::Role",
    "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [TRUST]}},
}
PUBLISHERS = {
    "Effect": "Allow",
    "Principal": {"Service": "events.amazonaws.com"},
    "Action": "sns:Publish",
    "Resource": {"Ref": "T"},
}
OWNERS = {
    "Effect": "Allow",
    "Principal": {"AWS": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"}},
    "Action": "kms:*",
    "Resource": "*",
}


def resource(t: str, p: Any = None, **m: Any) -> dict[str, Any]:
    return {"Type": t, "Properties": p or {}, **m}


def att(n: str, a: str) -> dict[str, Any]:
    return {"Fn::GetAtt": [n, a]}


F = {"Ref": "F"}
RESOURCES: dict[str, Any] = {
    "Role": ROLE,
    "F": resource(
        "AWS::Lambda::Function",
        {
            "Runtime": RUNTIME,
            "Handler": "index.handler",
            "Role": att("Role", "Arn"),
            "Code": {"ZipFile": "def handler(e,c): return e"},
            "ReservedConcurrentExecutions": 5,
            "Tags": [{"Key": "a", "Value": "b"}],
            "MemorySize": 256,
            "Timeout": "10",
        },
    ),
    "V": resource("AWS::Lambda::Version", {"FunctionName": F}),
    "A": resource("AWS::Lambda::Alias", {"FunctionName": F, "FunctionVersion": att("V", "Version"), "Name": "live"}),
    "P": resource(
        "AWS::Lambda::Permission",
        {
            "FunctionName": att("F", "Arn"),
            "Action": "lambda:InvokeFunction",
            "Principal": "s3.amazonaws.com",
            "SourceAccount": {"Ref": "AWS::AccountId"},
        },
    ),
    "U": resource(
        "AWS::Lambda::Url", {"TargetFunctionArn": att("F", "Arn"), "AuthType": "NONE", "Cors": {"AllowOrigins": ["*"]}}
    ),
    "E": resource(
        "AWS::Lambda::EventInvokeConfig", {"FunctionName": F, "Qualifier": "$LATEST", "MaximumRetryAttempts": 1}
    ),
    "Q": resource("AWS::SQS::Queue", {"RedrivePolicy": {"deadLetterTargetArn": att("D", "Arn"), "maxReceiveCount": 3}}),
    "D": resource("AWS::SQS::Queue", {"FifoQueue": False}),
    "QP": resource(
        "AWS::SQS::QueuePolicy",
        {
            "Queues": [{"Ref": "Q"}],
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "sns.amazonaws.com"},
                        "Action": "sqs:SendMessage",
                        "Resource": att("Q", "Arn"),
                    }
                ],
            },
        },
    ),
    "T": resource(
        "AWS::SNS::Topic", {"DisplayName": "x", "Subscription": [{"Protocol": "sqs", "Endpoint": att("Q", "Arn")}]}
    ),
    "TS": resource(
        "AWS::SNS::Subscription",
        {"TopicArn": {"Ref": "T"}, "Protocol": "lambda", "Endpoint": att("F", "Arn"), "FilterPolicy": {"k": ["v"]}},
    ),
    "TP": resource(
        "AWS::SNS::TopicPolicy",
        {"Topics": [{"Ref": "T"}], "PolicyDocument": {"Version": "2012-10-17", "Statement": [PUBLISHERS]}},
    ),
    "B": resource(
        "AWS::S3::Bucket",
        {
            "VersioningConfiguration": {"Status": "Enabled"},
            "BucketEncryption": {
                "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
            },
            "PublicAccessBlockConfiguration": {
                "BlockPublicAcls": True,
                "BlockPublicPolicy": True,
                "IgnorePublicAcls": True,
                "RestrictPublicBuckets": True,
            },
            "NotificationConfiguration": {
                "LambdaConfigurations": [
                    {
                        "Event": "s3:ObjectCreated:*",
                        "Function": att("F", "Arn"),
                        "Filter": {"S3Key": {"Rules": [{"Name": "prefix", "Value": "in/"}]}},
                    }
                ],
                "QueueConfigurations": [{"Event": "s3:ObjectRemoved:*", "Queue": att("Q", "Arn")}],
            },
            "CorsConfiguration": {"CorsRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], "MaxAge": 30}]},
            "LifecycleConfiguration": {"Rules": [{"Status": "Enabled", "ExpirationInDays": 3, "Prefix": "x"}]},
            "Tags": [{"Key": "t", "Value": "1"}],
            "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        },
    ),
    "BP": resource(
        "AWS::S3::BucketPolicy",
        {
            "Bucket": {"Ref": "B"},
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Deny",
                        "Principal": "*",
                        "Action": "s3:*",
                        "Resource": att("B", "Arn"),
                        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                    }
                ],
            },
        },
    ),
    "Tab": resource(
        "AWS::DynamoDB::Table",
        {
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
            "StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
            "TimeToLiveSpecification": {"AttributeName": "ttl", "Enabled": True},
            "SSESpecification": {"SSEEnabled": True},
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        },
    ),
    "M1": resource(
        "AWS::Lambda::EventSourceMapping",
        {"FunctionName": F, "EventSourceArn": att("Tab", "StreamArn"), "StartingPosition": "LATEST"},
    ),
    "M2": resource(
        "AWS::Lambda::EventSourceMapping",
        {
            "FunctionName": {"Ref": "A"},
            "EventSourceArn": att("K", "Arn"),
            "StartingPosition": "TRIM_HORIZON",
            "FilterCriteria": {"Filters": [{"Pattern": '{"data":{"a":[1]}}'}]},
        },
    ),
    "K": resource("AWS::Kinesis::Stream", {"ShardCount": 1, "RetentionPeriodHours": 48}),
    "KC": resource("AWS::Kinesis::StreamConsumer", {"StreamARN": att("K", "Arn"), "ConsumerName": "c"}),
    "L": resource("AWS::Logs::LogGroup", {"LogGroupName": {"Fn::Sub": "/aws/lambda/${F}"}, "RetentionInDays": 7}),
    "ER": resource(
        "AWS::Events::Rule", {"EventPattern": {"source": ["x"]}, "Targets": [{"Id": "a", "Arn": att("F", "Arn")}]}
    ),
    "EB": resource("AWS::Events::EventBus", {"Name": "mybus"}),
    "EP": resource(
        "AWS::Events::EventBusPolicy",
        {
            "EventBusName": {"Ref": "EB"},
            "StatementId": "them",
            "Statement": {
                "Effect": "Allow",
                "Principal": "*",
                "Action": "events:PutEvents",
                "Resource": att("EB", "Arn"),
            },
        },
    ),
    "EC": resource(
        "AWS::Events::Connection",
        {
            "AuthorizationType": "BASIC",
            "AuthParameters": {"BasicAuthParameters": {"Username": "u", "Password": "p"}},
        },
    ),
    "ED": resource(
        "AWS::Events::ApiDestination",
        {
            "ConnectionArn": att("EC", "Arn"),
            "HttpMethod": "POST",
            "InvocationEndpoint": "https://example.com/",
        },
    ),
    "EA": resource("AWS::Events::Archive", {"SourceArn": att("EB", "Arn"), "RetentionDays": 3}),
    "SG": resource("AWS::Scheduler::ScheduleGroup", {}),
    "SS": resource(
        "AWS::Scheduler::Schedule",
        {
            "GroupName": {"Ref": "SG"},
            "ScheduleExpression": "rate(1 hour)",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {"Arn": att("F", "Arn"), "RoleArn": att("Role", "Arn")},
        },
    ),
    "IP": resource(
        "AWS::IAM::Policy",
        {
            "PolicyName": "pp",
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
            },
            "Roles": [{"Ref": "Role"}],
        },
    ),
    "MP": resource(
        "AWS::IAM::ManagedPolicy",
        {
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
            },
            "Roles": [{"Ref": "Role"}],
        },
    ),
    "User": resource(
        "AWS::IAM::User",
        {
            "LoginProfile": {"Password": "Long-enough-1"},
            "Groups": [{"Ref": "Grp"}],
            "Policies": [
                {
                    "PolicyName": "x",
                    "PolicyDocument": {
                        "Version": "2012-10-17",
                        "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
                    },
                }
            ],
        },
    ),
    "Grp": resource("AWS::IAM::Group", {}),
    "Key": resource("AWS::IAM::AccessKey", {"UserName": {"Ref": "User"}}),
    "Prof": resource("AWS::IAM::InstanceProfile", {"Roles": [{"Ref": "Role"}]}),
    "Sec": resource(
        "AWS::SecretsManager::Secret",
        {"GenerateSecretString": {"SecretStringTemplate": '{"u":"n"}', "GenerateStringKey": "p", "PasswordLength": 20}},
    ),
    "Rot": resource(
        "AWS::SecretsManager::RotationSchedule",
        {
            "SecretId": {"Ref": "Sec"},
            "RotationLambdaARN": att("F", "Arn"),
            "RotationRules": {"AutomaticallyAfterDays": 30},
            "RotateImmediatelyOnUpdate": False,
        },
    ),
    "Par": resource("AWS::SSM::Parameter", {"Type": "String", "Value": "v", "Tags": {"a": "b"}}),
    "Kms": resource(
        "AWS::KMS::Key",
        {
            "KeyPolicy": {"Version": "2012-10-17", "Statement": [OWNERS]},
            "EnableKeyRotation": True,
            "RotationPeriodInDays": 120,
        },
    ),
    "KmsA": resource("AWS::KMS::Alias", {"AliasName": "alias/x", "TargetKeyId": {"Ref": "Kms"}}),
    "SM": resource(
        "AWS::StepFunctions::StateMachine",
        {
            "RoleArn": att("Role", "Arn"),
            "DefinitionString": '{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"${f}","End":true}}}',
            "DefinitionSubstitutions": {"f": att("F", "Arn")},
        },
    ),
    "Al": resource(
        "AWS::CloudWatch::Alarm",
        {
            "Namespace": "AWS/Lambda",
            "MetricName": "Errors",
            "Dimensions": [{"Name": "FunctionName", "Value": F}],
            "ComparisonOperator": "GreaterThanThreshold",
            "EvaluationPeriods": 1,
            "Period": 60,
            "Statistic": "Sum",
            "Threshold": 0,
        },
    ),
    "Da": resource("AWS::CloudWatch::Dashboard", {"DashboardBody": '{"widgets":[]}'}),
    "ST": resource(
        "AWS::ApplicationAutoScaling::ScalableTarget",
        {
            "MinCapacity": 1,
            "MaxCapacity": 3,
            "ResourceId": {"Fn::Sub": "function:${F}:live"},
            "ScalableDimension": "lambda:function:ProvisionedConcurrency",
            "ServiceNamespace": "lambda",
            "RoleARN": att("Role", "Arn"),
            "ScheduledActions": [
                {
                    "ScheduledActionName": "up",
                    "Schedule": "rate(1 day)",
                    "ScalableTargetAction": {"MinCapacity": 2},
                }
            ],
        },
        DependsOn="A",
    ),
    "SP": resource(
        "AWS::ApplicationAutoScaling::ScalingPolicy",
        {
            "PolicyName": "p",
            "PolicyType": "TargetTrackingScaling",
            "ScalingTargetId": {"Ref": "ST"},
            "TargetTrackingScalingPolicyConfiguration": {
                "TargetValue": 0.7,
                "PredefinedMetricSpecification": {"PredefinedMetricType": "LambdaProvisionedConcurrencyUtilization"},
            },
        },
    ),
    "Vpc": resource(
        "AWS::EC2::VPC", {"CidrBlock": "10.1.0.0/16", "EnableDnsSupport": True, "Tags": [{"Key": "Name", "Value": "v"}]}
    ),
    "Sub": resource(
        "AWS::EC2::Subnet",
        {
            "VpcId": {"Ref": "Vpc"},
            "CidrBlock": {"Fn::Select": [0, {"Fn::Cidr": [att("Vpc", "CidrBlock"), 2, 8]}]},
            "AvailabilityZone": {"Fn::Select": [0, {"Fn::GetAZs": ""}]},
            "MapPublicIpOnLaunch": True,
        },
    ),
    "Igw": resource("AWS::EC2::InternetGateway", {}),
    "Att": resource("AWS::EC2::VPCGatewayAttachment", {"VpcId": {"Ref": "Vpc"}, "InternetGatewayId": {"Ref": "Igw"}}),
    "Rt": resource("AWS::EC2::RouteTable", {"VpcId": {"Ref": "Vpc"}}),
    "Ro": resource(
        "AWS::EC2::Route",
        {"RouteTableId": {"Ref": "Rt"}, "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": {"Ref": "Igw"}},
        DependsOn="Att",
    ),
    "As": resource(
        "AWS::EC2::SubnetRouteTableAssociation", {"SubnetId": {"Ref": "Sub"}, "RouteTableId": {"Ref": "Rt"}}
    ),
    "Sgr": resource(
        "AWS::EC2::SecurityGroup",
        {
            "GroupDescription": "g",
            "VpcId": {"Ref": "Vpc"},
            "SecurityGroupIngress": [{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "CidrIp": "0.0.0.0/0"}],
        },
    ),
    "Vpe": resource(
        "AWS::EC2::VPCEndpoint",
        {
            "VpcId": {"Ref": "Vpc"},
            "ServiceName": {"Fn::Sub": "com.amazonaws.${AWS::Region}.s3"},
            "RouteTableIds": [{"Ref": "Rt"}],
            "Tags": [{"Key": "Name", "Value": "v"}],
        },
    ),
    "OwnIn": resource(
        "AWS::EC2::SecurityGroupIngress",
        {
            "GroupId": att("Vpc", "DefaultSecurityGroup"),
            "IpProtocol": "tcp",
            "FromPort": 443,
            "ToPort": 443,
            "CidrIp": "10.0.0.0/8",
        },
    ),
    "Private": resource(
        "AWS::Route53::HostedZone",
        {
            "Name": "inside.example.com.",
            "VPCs": [{"VPCId": {"Ref": "Vpc"}, "VPCRegion": {"Ref": "AWS::Region"}}],
            "HostedZoneTags": [{"Key": "a", "Value": "b"}],
        },
    ),
    "Recs": resource(
        "AWS::Route53::RecordSetGroup",
        {
            "HostedZoneName": "example.com.",
            "RecordSets": [
                {"Name": "one.example.com.", "Type": "A", "TTL": "60", "ResourceRecords": ["10.0.0.1"]},
                {
                    "Name": "two.example.com.",
                    "Type": "A",
                    "AliasTarget": {
                        "DNSName": att("Dom", "RegionalDomainName"),
                        "HostedZoneId": att("Dom", "RegionalHostedZoneId"),
                    },
                },
            ],
        },
        DependsOn="Zone",
    ),
    "Sig": resource("AWS::Signer::SigningProfile", {"PlatformId": "AWSLambda-SHA384-ECDSA"}),
    "Csc": resource(
        "AWS::Lambda::CodeSigningConfig",
        {"AllowedPublishers": {"SigningProfileVersionArns": [att("Sig", "ProfileVersionArn")]}},
    ),
    "Ecr": resource("AWS::ECR::Repository", {"ImageTagMutability": "IMMUTABLE"}),
    "Up": resource(
        "AWS::Cognito::UserPool",
        {"AutoVerifiedAttributes": ["email"], "MfaConfiguration": "OPTIONAL", "EnabledMfas": ["SOFTWARE_TOKEN_MFA"]},
    ),
    "Upc": resource("AWS::Cognito::UserPoolClient", {"UserPoolId": {"Ref": "Up"}, "GenerateSecret": True}),
    "Api": resource("AWS::ApiGateway::RestApi", {"Name": "api"}),
    "Res": resource(
        "AWS::ApiGateway::Resource",
        {"RestApiId": {"Ref": "Api"}, "ParentId": att("Api", "RootResourceId"), "PathPart": "x"},
    ),
    "Met": resource(
        "AWS::ApiGateway::Method",
        {
            "RestApiId": {"Ref": "Api"},
            "ResourceId": {"Ref": "Res"},
            "HttpMethod": "GET",
            "AuthorizationType": "NONE",
            "Integration": {"Type": "MOCK", "RequestTemplates": {"application/json": "{}"}},
            "MethodResponses": [{"StatusCode": "200"}],
        },
    ),
    "Dep": resource("AWS::ApiGateway::Deployment", {"RestApiId": {"Ref": "Api"}}, DependsOn="Met"),
    "Sta": resource(
        "AWS::ApiGateway::Stage",
        {"RestApiId": {"Ref": "Api"}, "DeploymentId": {"Ref": "Dep"}, "StageName": "prod", "Variables": {"a": "b"}},
    ),
    "ApiC": resource("AWS::ApiGateway::ClientCertificate", {"Description": "c"}),
    "ApiD": resource(
        "AWS::ApiGateway::DocumentationPart",
        {"RestApiId": {"Ref": "Api"}, "Location": {"Type": "API"}, "Properties": '{"description": "d"}'},
    ),
    "ApiV": resource(
        "AWS::ApiGateway::DocumentationVersion",
        {"RestApiId": {"Ref": "Api"}, "DocumentationVersion": "1"},
        DependsOn="ApiD",
    ),
    "ApiL": resource(
        "AWS::ApiGateway::VpcLink",
        {"Name": "l", "TargetArns": ["arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/net/l/1"]},
    ),
    "HL": resource("AWS::ApiGatewayV2::VpcLink", {"Name": "l", "SubnetIds": [{"Ref": "Sub"}]}),
    "H": resource("AWS::ApiGatewayV2::Api", {"Name": "h", "ProtocolType": "HTTP"}),
    "HS": resource("AWS::ApiGatewayV2::Stage", {"ApiId": {"Ref": "H"}, "StageName": "$default", "AutoDeploy": True}),
    "HR": resource("AWS::ApiGatewayV2::Route", {"ApiId": {"Ref": "H"}, "RouteKey": "GET /x"}),
    "Sub2": resource("AWS::EC2::Subnet", {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.1.9.0/24"}),
    "Alb": resource(
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        {
            "Subnets": [{"Ref": "Sub"}, {"Ref": "Sub2"}],
            "SecurityGroups": [{"Ref": "Sgr"}],
            "LoadBalancerAttributes": [{"Key": "idle_timeout.timeout_seconds", "Value": "30"}],
        },
    ),
    "AlbP": resource(
        "AWS::Lambda::Permission",
        {
            "FunctionName": att("F", "Arn"),
            "Action": "lambda:InvokeFunction",
            "Principal": "elasticloadbalancing.amazonaws.com",
        },
    ),
    "AlbT": resource(
        "AWS::ElasticLoadBalancingV2::TargetGroup",
        {
            "TargetType": "lambda",
            "Targets": [{"Id": att("F", "Arn")}],
            "TargetGroupAttributes": [{"Key": "lambda.multi_value_headers.enabled", "Value": "true"}],
        },
        DependsOn="AlbP",
    ),
    "AlbL": resource(
        "AWS::ElasticLoadBalancingV2::Listener",
        {
            "LoadBalancerArn": {"Ref": "Alb"},
            "Port": 80,
            "Protocol": "HTTP",
            "DefaultActions": [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
        },
    ),
    "AlbR": resource(
        "AWS::ElasticLoadBalancingV2::ListenerRule",
        {
            "ListenerArn": {"Ref": "AlbL"},
            "Priority": 5,
            "Conditions": [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/f*"]}}],
            "Actions": [{"Type": "forward", "TargetGroupArn": {"Ref": "AlbT"}}],
        },
    ),
    "Upg": resource("AWS::Cognito::UserPoolGroup", {"UserPoolId": {"Ref": "Up"}, "GroupName": "admins"}),
    "Itr": resource("AWS::IoT::TopicRule", {"TopicRulePayload": {"Sql": "SELECT * FROM 'a'", "Actions": []}}),
    "Idp": resource("AWS::Cognito::IdentityPool", {"AllowUnauthenticatedIdentities": False}),
    "Rg": resource(
        "AWS::ResourceGroups::Group", {"Name": "of-a-stack", "ResourceQuery": {"Type": "CLOUDFORMATION_STACK_1_0"}}
    ),
    "Gt": resource(
        "AWS::DynamoDB::GlobalTable",
        {
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
            "Replicas": [
                {
                    "Region": {"Ref": "AWS::Region"},
                    "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
                }
            ],
        },
    ),
    "Fs": resource(
        "AWS::EFS::FileSystem", {"Encrypted": True, "LifecyclePolicies": [{"TransitionToIA": "AFTER_7_DAYS"}]}
    ),
    "Fm": resource(
        "AWS::EFS::MountTarget",
        {"FileSystemId": {"Ref": "Fs"}, "SubnetId": {"Ref": "Sub"}, "SecurityGroups": [att("Sgr", "GroupId")]},
    ),
    "Fa": resource(
        "AWS::EFS::AccessPoint",
        {"FileSystemId": {"Ref": "Fs"}, "PosixUser": {"Uid": "1000", "Gid": "1000"}, "RootDirectory": {"Path": "/f"}},
    ),
    "Crt": resource(
        "AWS::CertificateManager::Certificate", {"DomainName": "api.example.com", "ValidationMethod": "DNS"}
    ),
    "Zone": resource("AWS::Route53::HostedZone", {"Name": "example.com."}),
    "Dom": resource(
        "AWS::ApiGateway::DomainName",
        {
            "DomainName": "api.example.com",
            "RegionalCertificateArn": {"Ref": "Crt"},
            "EndpointConfiguration": {"Types": ["REGIONAL"]},
        },
    ),
    "Bpm": resource(
        "AWS::ApiGateway::BasePathMapping",
        {"DomainName": {"Ref": "Dom"}, "RestApiId": {"Ref": "Api"}, "Stage": {"Ref": "Sta"}, "BasePath": "v1"},
    ),
    "Rec": resource(
        "AWS::Route53::RecordSet",
        {
            "HostedZoneId": {"Ref": "Zone"},
            "Name": "api.example.com.",
            "Type": "CNAME",
            "TTL": "300",
            "ResourceRecords": [att("Dom", "RegionalDomainName")],
        },
    ),
    "Dom2": resource(
        "AWS::ApiGatewayV2::DomainName",
        {"DomainName": "h.example.com", "DomainNameConfigurations": [{"CertificateArn": {"Ref": "Crt"}}]},
    ),
    "Map2": resource(
        "AWS::ApiGatewayV2::ApiMapping",
        {"DomainName": {"Ref": "Dom2"}, "ApiId": {"Ref": "H"}, "Stage": {"Ref": "HS"}, "ApiMappingKey": "x"},
    ),
    "Edge": resource(
        "AWS::CloudFront::Distribution",
        {
            "DistributionConfig": {
                "Enabled": True,
                "Aliases": ["a.example.com"],
                "Origins": [
                    {
                        "Id": "s3",
                        "DomainName": att("B", "RegionalDomainName"),
                        "OriginAccessControlId": att("EdgeO", "Id"),
                        "S3OriginConfig": {},
                    }
                ],
                "DefaultCacheBehavior": {
                    "TargetOriginId": "s3",
                    "ViewerProtocolPolicy": "redirect-to-https",
                    "AllowedMethods": ["GET", "HEAD", "OPTIONS"],
                    "CachedMethods": ["GET", "HEAD"],
                    "CachePolicyId": {"Ref": "EdgeC"},
                    "FunctionAssociations": [
                        {"EventType": "viewer-request", "FunctionARN": att("EdgeF", "FunctionARN")}
                    ],
                },
                "Restrictions": {"GeoRestriction": {"RestrictionType": "whitelist", "Locations": ["DE"]}},
                "WebACLId": att("Waf", "Arn"),
            },
            "Tags": [{"Key": "a", "Value": "b"}],
        },
    ),
    "EdgeO": resource(
        "AWS::CloudFront::OriginAccessControl",
        {
            "OriginAccessControlConfig": {
                "Name": "o",
                "OriginAccessControlOriginType": "s3",
                "SigningBehavior": "always",
                "SigningProtocol": "sigv4",
            }
        },
    ),
    "EdgeC": resource("AWS::CloudFront::CachePolicy", {"CachePolicyConfig": {"Name": "c"}}),
    "EdgeF": resource(
        "AWS::CloudFront::Function",
        {"Name": "edge", "FunctionCode": "x", "FunctionConfig": {"Comment": "", "Runtime": "cloudfront-js-2.0"}},
    ),
    "Waf": resource(
        "AWS::WAFv2::WebACL",
        {
            "Scope": "CLOUDFRONT",
            "DefaultAction": {"Allow": {}},
            "VisibilityConfig": {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "m"},
        },
    ),
    "Meta": resource("AWS::CDK::Metadata", {"Analytics": "v2"}),
    "Cup": {"Type": "Custom::Thing", "Properties": {"ServiceToken": att("CF", "Arn"), "N": 3, "B": True}},
    "CF": resource(
        "AWS::Lambda::Function",
        {
            "Runtime": RUNTIME,
            "Handler": "index.handler",
            "Role": att("Role", "Arn"),
            "Code": {"ZipFile": ANSWERS},
        },
    ),
}


def updated() -> dict[str, Any]:
    """Settings changed, added and removed; one resource is replaced, one is gone."""
    new: dict[str, Any] = copy.deepcopy(RESOURCES)
    new["F"]["Properties"]["Timeout"] = 20
    new["Tab"]["Properties"] |= {
        "BillingMode": "PROVISIONED",
        "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
    }
    new["Q"]["Properties"]["VisibilityTimeout"] = 5
    new["B"]["Properties"].pop("CorsConfiguration")
    new["ER"]["Properties"]["Targets"][0]["Id"] = "b"
    new["T"]["Properties"]["DisplayName"] = "y"
    new["Cup"]["Properties"]["N"] = 4
    new["SM"]["Properties"]["DefinitionSubstitutions"]["f"] = att("CF", "Arn")
    new["Par"]["Properties"]["Value"] = "w"
    new["AlbR"]["Properties"]["Conditions"][0]["PathPatternConfig"]["Values"] = ["/g*"]
    new["AlbT"]["Properties"]["HealthCheckEnabled"] = True
    new["Rec"]["Properties"]["TTL"] = "60"
    new["Recs"]["Properties"]["RecordSets"].pop()
    new["Kms"]["Properties"]["Enabled"] = False
    new["Private"]["Properties"]["HostedZoneTags"] = [{"Key": "a", "Value": "c"}]
    del new["User"]["Properties"]["LoginProfile"]
    new["KC"]["Properties"]["ConsumerName"] = "d"
    new["L"]["Properties"].pop("RetentionInDays")
    new["Sta"]["Properties"]["Variables"] = {"c": "d"}
    new["Edge"]["Properties"]["DistributionConfig"]["Comment"] = "changed"
    new["Waf"]["Properties"]["Description"] = "changed"
    del new["Ecr"]
    return new
