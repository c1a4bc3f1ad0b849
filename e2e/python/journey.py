"""A client in another language: native gRPC over plaintext HTTP/2 with generated stubs, and nothing of Malamar's own.

journey.py ADDRESS INSTRUCTION    the stubs are on PYTHONPATH; prints one line per thing that was proven
"""

import queue
import sys
import threading
import time

import grpc
from google.protobuf.any_pb2 import Any
from google.protobuf.field_mask_pb2 import FieldMask
from malamar.v1 import agent_service_pb2, agent_service_pb2_grpc
from malamar.v1 import event_service_pb2, event_service_pb2_grpc
from malamar.v1 import execution_service_pb2, execution_service_pb2_grpc
from malamar.v1 import problem_pb2, task_pb2
from malamar.v1 import task_service_pb2, task_service_pb2_grpc
from malamar.v1 import workspace_pb2, workspace_service_pb2, workspace_service_pb2_grpc

address, instruction = sys.argv[1:3]
channel = grpc.insecure_channel(address)
workspaces = workspace_service_pb2_grpc.WorkspaceServiceStub(channel)
agents = agent_service_pb2_grpc.AgentServiceStub(channel)
tasks = task_service_pb2_grpc.TaskServiceStub(channel)
executions = execution_service_pb2_grpc.ExecutionServiceStub(channel)
events = event_service_pb2_grpc.EventServiceStub(channel)


def proven(what):
    print(what, flush=True)


def refused(call):
    """The status and the typed detail of a call that must fail."""
    try:
        call()
    except grpc.RpcError as error:
        return error.code(), problem_of(error)
    raise AssertionError("the call was not refused")


def problem_of(error):
    """google.rpc.Status from the trailer, read by hand because its package is not needed for anything else."""
    for key, value in error.trailing_metadata():
        if key != "grpc-status-details-bin":
            continue
        detail = Any.FromString(fields(value)[3][0])
        problem = problem_pb2.Problem()
        assert detail.Unpack(problem), detail.type_url
        return problem
    raise AssertionError("the error has no details")


def fields(message):
    """Number → values of the length-delimited fields of a message."""
    found, at = {}, 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(message):
        tag = varint()
        if tag & 7 == 0:
            varint()
            continue
        assert tag & 7 == 2, tag
        length = varint()
        found.setdefault(tag >> 3, []).append(message[at : at + length])
        at += length
    return found


# A workspace and its agents.
workspace = workspaces.CreateWorkspace(
    workspace_service_pb2.CreateWorkspaceRequest(title="From Python", prefix="PY"), timeout=10
).workspace
for name in ("Planner", "Worker"):
    agents.CreateAgent(
        agent_service_pb2.CreateAgentRequest(workspace_id=workspace.id, name=name, cli="python", instruction=instruction), timeout=10
    )
listed = agents.ListAgents(agent_service_pb2.ListAgentsRequest(workspace_id=workspace.id), timeout=10).agents
assert [(agent.name, agent.position) for agent in listed] == [("Planner", 1), ("Worker", 2)], listed
proven("workspace and agents")

# The same idempotency key gives the same task.
request = task_service_pb2.CreateTaskRequest(workspace_id=workspace.id, summary="Say hello", hold=task_pb2.TASK_HOLD_DRAFT, idempotency_key="k1")
task = tasks.CreateTask(request, timeout=10).task
assert tasks.CreateTask(request, timeout=10).task.id == task.id
assert task.key == "PY-1" and task.status == task_pb2.TASK_STATUS_TODO, task
proven("idempotent create")

# Watch before anything happens, in a thread, as programs do.
seen = queue.Queue()
stream = events.WatchEvents(event_service_pb2.WatchEventsRequest(workspace_id=workspace.id))


def watch():
    try:
        for response in stream:
            seen.put(response)
    except grpc.RpcError as error:
        seen.put(error)


watcher = threading.Thread(target=watch)
watcher.start()
first = seen.get(timeout=10)
assert first.WhichOneof("message") == "heartbeat" and first.cursor, first


def until(matches):
    deadline = time.monotonic() + 30
    while True:
        response = seen.get(timeout=max(0.1, deadline - time.monotonic()))
        assert not isinstance(response, Exception), response
        for event in response.batch.events:
            if matches(event):
                return event


updated = tasks.UpdateTask(
    task_service_pb2.UpdateTaskRequest(
        task=task_pb2.Task(id=task.id, hold=task_pb2.TASK_HOLD_NONE), update_mask=FieldMask(paths=["hold"]), expected_version=task.version
    ),
    timeout=10,
).task
assert updated.hold == task_pb2.TASK_HOLD_NONE
until(lambda event: event.HasField("execution") and event.execution.agent_name == "Worker")
reviewed = until(lambda event: event.HasField("task") and event.task.status == task_pb2.TASK_STATUS_IN_REVIEW).task
assert reviewed.attention == task_pb2.TASK_ATTENTION_CONVERGED, reviewed
proven("events as they happen")

# A comment brings the agents back.
tasks.CreateComment(task_service_pb2.CreateCommentRequest(task_id=task.id, content="Louder – bitte, 大きく 😀"), timeout=10)
until(lambda event: event.HasField("comment") and event.comment.content == "Louder – bitte, 大きく 😀")
until(lambda event: event.HasField("task") and event.task.status == task_pb2.TASK_STATUS_IN_REVIEW and event.task.run_number == 2)
said = tasks.ListComments(task_service_pb2.ListCommentsRequest(task_id=task.id), timeout=10).comments
assert [(comment.author.name, comment.content) for comment in said] == [
    ("Worker", "Hello."),
    ("User", "Louder – bitte, 大きく 😀"),
    ("Worker", "HELLO."),
], said
proven("comment and second run")

# Pages, one by one.
found, token = [], ""
while True:
    page = executions.ListExecutions(execution_service_pb2.ListExecutionsRequest(task_id=task.id, page_size=3, page_token=token), timeout=10)
    found += page.executions
    token = page.next_page_token
    if not token:
        break
assert len(found) == 8 and len({execution.id for execution in found}) == 8, len(found)
lines = [line.text for answer in executions.TailLog(execution_service_pb2.TailLogRequest(execution_id=found[-1].id, follow=True), timeout=10) for line in answer.lines]
assert any("I am Planner" in line for line in lines), lines
proven("pages and a log")

# Errors are typed: a status, a stable reason, a next step, the offending field.
code, problem = refused(lambda: tasks.GetTask(task_service_pb2.GetTaskRequest(id="PY-99"), timeout=10))
assert code == grpc.StatusCode.NOT_FOUND and problem.kind == problem_pb2.PROBLEM_KIND_NOT_FOUND, (code, problem)
code, problem = refused(lambda: tasks.CreateTask(task_service_pb2.CreateTaskRequest(workspace_id=workspace.id), timeout=10))
assert code == grpc.StatusCode.INVALID_ARGUMENT and [each.field for each in problem.violations] == ["summary"], (code, problem)
code, problem = refused(lambda: tasks.CancelTask(task_service_pb2.CancelTaskRequest(id=task.id), timeout=10))
assert code == grpc.StatusCode.FAILED_PRECONDITION and problem.reason == "task_in_review" and problem.next_step, (code, problem)
stale = task_service_pb2.UpdateTaskRequest(
    task=task_pb2.Task(id=task.id, summary="Late"), update_mask=FieldMask(paths=["summary"]), expected_version=1
)
code, problem = refused(lambda: tasks.UpdateTask(stale, timeout=10))
assert code == grpc.StatusCode.ABORTED and problem.kind == problem_pb2.PROBLEM_KIND_CONFLICT, (code, problem)
conflict = task_service_pb2.CreateTaskRequest(workspace_id=workspace.id, summary="Another", idempotency_key="k1")
code, problem = refused(lambda: tasks.CreateTask(conflict, timeout=10))
assert code == grpc.StatusCode.ALREADY_EXISTS, (code, problem)
proven("typed errors")

# A stream that is cancelled ends at once, and the server goes on.
stream.cancel()
watcher.join(timeout=10)
assert not watcher.is_alive()
assert tasks.GetTask(task_service_pb2.GetTaskRequest(id="PY-1"), timeout=10).task.id == task.id
proven("cancelled stream")

# A deadline is kept by the caller and by the server.
since = time.monotonic()
try:
    for _ in events.WatchEvents(event_service_pb2.WatchEventsRequest(), timeout=1):
        pass
    raise AssertionError("the stream ended before its deadline")
except grpc.RpcError as error:
    assert error.code() == grpc.StatusCode.DEADLINE_EXCEEDED, error
assert 0.5 < time.monotonic() - since < 5
proven("deadline")

done = tasks.MoveTask(task_service_pb2.MoveTaskRequest(id=task.id, status=task_pb2.TASK_STATUS_DONE), timeout=10).task
assert done.resolution == task_pb2.TASK_RESOLUTION_COMPLETED, done
changed = workspaces.UpdateWorkspace(
    workspace_service_pb2.UpdateWorkspaceRequest(
        workspace=workspace_pb2.Workspace(id=workspace.id, title="Renamed"), update_mask=FieldMask(paths=["title"])
    ),
    timeout=10,
).workspace
assert changed.title == "Renamed" and changed.prefix == "PY", changed
workspaces.DeleteWorkspace(workspace_service_pb2.DeleteWorkspaceRequest(id=workspace.id), timeout=10)
proven("done and deleted")
channel.close()
