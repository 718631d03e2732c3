"""A client with a type for every operation, by openapi-python-client."""

import os

from generated.wharf.api.appwrite import appwrite_users_list_sessions
from generated.wharf.api.calls import get_call
from generated.wharf.api.plugins import get_operation, search_operations
from generated.wharf.api.server import who_am_i
from generated.wharf.client import AuthenticatedClient
from generated.wharf.models.appwrite_users_list_sessions_answer import AppwriteUsersListSessionsAnswer
from generated.wharf.models.appwrite_users_list_sessions_input import AppwriteUsersListSessionsInput
from generated.wharf.models.appwrite_users_list_sessions_request import AppwriteUsersListSessionsRequest
from generated.wharf.models.call import Call
from generated.wharf.models.call_state import CallState
from generated.wharf.models.operation import Operation
from generated.wharf.models.operation_list import OperationList
from generated.wharf.models.principal import Principal
from generated.wharf.models.problem import Problem

client = AuthenticatedClient(
    base_url=os.environ["WHARF_URL"], token=os.environ["WHARF_TOKEN"], raise_on_unexpected_status=True
)
with client as wharf:
    user = AppwriteUsersListSessionsInput(user_id="ada")
    request = AppwriteUsersListSessionsRequest(input_=user)
    answer = appwrite_users_list_sessions.sync(client=wharf, body=request)
    assert isinstance(answer, AppwriteUsersListSessionsAnswer), answer
    assert answer.plugin.name == "appwrite" and answer.output, answer

    wrong = AppwriteUsersListSessionsRequest(input_=AppwriteUsersListSessionsInput(user_id=""))
    problem = appwrite_users_list_sessions.sync(client=wharf, body=wrong)
    assert isinstance(problem, Problem) and problem.type_ == "urn:wharf:problem:invalid-input", problem
    assert "userId" in problem.detail, problem

    accepted = appwrite_users_list_sessions.sync_detailed(
        client=wharf, body=request, prefer="respond-async", idempotency_key="python-1"
    )
    assert accepted.status_code == 202, accepted
    call = get_call.sync(accepted.headers["wharf-call"], client=wharf, wait=30)
    assert isinstance(call, Call) and call.state == CallState.SUCCEEDED, call

    found = search_operations.sync(client=wharf, q="end a user's session", limit=3)
    assert isinstance(found, OperationList), found
    assert "users.delete-session" in [one.name for one in found.items], found
    operation = get_operation.sync("appwrite", "users.delete-session", client=wharf)
    assert isinstance(operation, Operation) and "userId" in operation.input_schema["required"], operation
    whoever = who_am_i.sync(client=wharf)
    assert isinstance(whoever, Principal) and "call" in whoever.roles, whoever
