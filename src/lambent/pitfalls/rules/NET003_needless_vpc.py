"""A network that nobody needs."""

import ast
import re
from collections.abc import Iterator

from lambent.pitfalls.facts.project import Function, Project
from lambent.pitfalls.finding import Hit, Rule

PRIVATE = re.compile(r"RDS|ElastiCache|EFS|DocDB|Neptune|OpenSearch|Elasticsearch|MSK|AmazonMQ|Redshift|LoadBalancer|MemoryDB"
                     r"|DAX|ECS|EC2::Instance|aws_(instance|redshift|opensearch|elasticsearch|docdb|efs|lb|msk|mq)")  # fmt: skip
DRIVERS = {"psycopg2", "psycopg", "pymysql", "mysql", "mysql2", "pg", "redis", "ioredis", "pymongo", "mongodb", "mongoose",
           "sqlalchemy", "pyodbc", "pg8000", "elasticsearch", "opensearchpy", "kafka", "cassandra", "ldap", "ldap3", "paramiko",
           "neo4j", "sequelize", "typeorm", "peewee", "django", "MySQLdb", "aioredis", "asyncpg", "pika", "memcache"}  # fmt: skip
CALLERS = {"requests", "httpx", "aiohttp", "urllib", "urllib3", "http", "https", "axios", "got", "node-fetch", "socket", "net",
           "grpc", "websocket", "smtplib", "ftplib", "subprocess"}  # fmt: skip
TOLD = re.compile(r"HOST|ENDPOINT|URL|ADDRESS|DSN|CONN|DATABASE|PROXY|BROKER|SERVER|DB_", re.I)


def check(project: Project) -> Iterator[Hit]:
    """Functions in a VPC whose code is known to call nothing but AWS, in stacks that have nothing private."""
    for function in project.functions:
        config = function.fact("VpcConfig")
        if function.code is None or config.absent or config.unknown or not function.listed:
            continue
        if not _private(function) and not (DRIVERS | CALLERS) & function.code.imported and not _fetches(function):
            yield Hit(config, "nothing that it uses lies in a VPC", function)


def _private(function: Function) -> bool:
    if not function.fact("FileSystemConfigs").absent or function.driven_by("kafka", "mq", "documentdb"):
        return True
    if function.stack.open or any(TOLD.search(name) for name in function.environment):
        return True
    return any(PRIVATE.search(one.type) for one in function.stack.of_all())


def _fetches(function: Function) -> bool:
    """Whether the code calls what is no import: JavaScript's fetch."""
    names = (node for module in function.code.loaded for node in module.nodes if isinstance(node, ast.Name))
    return any(node.id == "fetch" for node in names)


RULE = Rule(
    code="NET003",
    title="The function stands in a VPC and needs nothing there",
    level="warning",
    reliability="likely",
    production="Without a NAT gateway ($32 a month and zone) or endpoints nothing outside is reached; subnets, security"
    " groups and network interfaces are one more thing to fail.",
    mend="remove VpcConfig",
    check=check,
    node=True,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html",),
    seeds="000, 001, 002, 004",
    elsewhere="checkov CKV_AWS_117, cdk-nag LambdaInsideVPC and guard demand that every function stands in one.",
    silent="a variable names a host, the code has a database's driver or calls by HTTP, or the stack has something private",
)
