from tests.e2e.debug.test_debug_for_real import *
from tests.e2e.test_ordinary_user import unprivileged
from tests.e2e.lambda_.test_file_systems import mounting, write, ARN, POINT
def test_user(unprivileged):
    server = unprivileged
    name = create(server); port = free_port()
    where = "/var/task/app.py" if "namespace" in server.output[-1] else str(next((server.data_dir / "blobs").rglob("app.py")))
    with invoking(server, name, port, "--payload", '{"number": 3}') as c:
        c.waiting()
        d = Dap(port); d.attach({where: [STOP]}, {}); t,_ = d.stopped(); d.send("continue", threadId=t)
        assert json.loads(c.result())["doubled"] == 6
    until_free(port)
    if "namespace" in server.output[-1]:
        client = mounting(server, ARN, "g")
        print(write(client, "x", function="g"))
        server.client("lambda").create_function(FunctionName="n", Runtime="nodejs22.x", Handler="index.handler", Role=ROLE, Code={"ZipFile": package({"index.mjs": SCRIPT})})
        print(list((server.data_dir/"efs"/POINT).iterdir()), (server.data_dir/"efs"/POINT).stat())
