"""A person's way through the account, written against the client that is generated from the API's document.

Only generated functions and models are used, and nothing of the site: what this cannot say, the document does not.
"""

from datetime import datetime
from uuid import uuid4

from practicum_client import AuthenticatedClient
from practicum_client.api.account import (
    activate_totp,
    add_address,
    addresses,
    authenticators,
    change_password,
    choose_address,
    deactivate_totp,
    new_recovery_codes,
    recovery_codes,
    remove_address,
    totp,
    verify_address,
)
from practicum_client.api.auth import (
    auth_config,
    email_verification,
    end_sessions,
    log_in,
    log_out,
    password_reset,
    reauthenticate,
    reauthenticate_with_code,
    refresh_tokens,
    request_password_reset,
    resend_verification_code,
    reset_password,
    second_factor,
    session,
    sessions,
    sign_up,
    verify_email,
)
from practicum_client.api.me import me_change, me_delete, me_export, me_keep, me_read
from practicum_client.models import (
    Addresses,
    AddressRequest,
    AddressToVerify,
    AuthConfig,
    AuthDone,
    Authenticated,
    Authenticators,
    AuthErrors,
    AuthFlowId,
    Deletion,
    Devices,
    DevicesRequest,
    EmailCodeRequest,
    Export,
    LoginRequest,
    Me,
    PasswordChangeRequest,
    PasswordRequest,
    PasswordResetPerson,
    PasswordResetRequest,
    PatchedMeRequest,
    PrimaryAddressRequest,
    Problem,
    ProblemType,
    RecoveryCodesAnswer,
    RefreshRequest,
    SecondFactorRequest,
    SignupRequest,
    TokenPair,
    Totp,
    TotpAnswer,
    TotpSecret,
    Unauthenticated,
)

from tests.typed_answers import Site, expect

EMAIL, OTHER_EMAIL = "typed@example.org", "typed@example.net"
PASSWORD, NEW_PASSWORD = "a long enough 47 phrase", "another enough 48 phrase"
EXPORTS_AN_HOUR = 10


def begin(site: Site) -> AuthenticatedClient:
    """Sign up, verify the address, log in and take the next pair of tokens."""
    nobody = site.anonymous()
    config = expect(auth_config.sync_detailed(client=nobody), 200, AuthConfig)
    assert config.data.account.is_open_for_signup
    body = SignupRequest(email=EMAIL, password=PASSWORD, display_name="Typed")
    started = expect(sign_up.sync_detailed(client=nobody, body=body), 401, Unauthenticated)
    assert pending(started) is AuthFlowId.VERIFY_EMAIL
    signing_up = site.under_way(told(started.meta.session_token))
    key = site.mailed_code(EMAIL)
    whose = email_verification.sync_detailed(client=signing_up, x_email_verification_key=key)
    assert expect(whose, 200, AddressToVerify).data.email == EMAIL
    too_soon = resend_verification_code.sync_detailed(client=signing_up)
    assert expect(too_soon, 429, AuthErrors).status == 429
    assert int(too_soon.headers["Retry-After"]) > 0
    site.let_time_pass()
    assert expect(resend_verification_code.sync_detailed(client=signing_up), 200, AuthDone).status == 200
    wrong = expect(verify_email.sync_detailed(client=signing_up, body=EmailCodeRequest(key="x")), 400, AuthErrors)
    assert wrong.errors
    assert wrong.errors[0].param == "key"
    code = EmailCodeRequest(key=site.mailed_code(EMAIL))
    verified = expect(verify_email.sync_detailed(client=signing_up, body=code), 200, Authenticated)
    assert verified.data.user.email == EMAIL
    assert verified.meta
    assert verified.meta.access_token
    return enter(site, PASSWORD)


def enter(site: Site, password: str) -> AuthenticatedClient:
    """Log in and refresh the tokens once, as a client does whose connection breaks."""
    nobody = site.anonymous()
    wrong = LoginRequest(email=EMAIL, password="wrong")
    refused = expect(log_in.sync_detailed(client=nobody, body=wrong), 400, AuthErrors)
    assert refused.errors
    assert refused.errors[0].code == "email_password_mismatch"
    body = LoginRequest(email=EMAIL, password=password)
    logged_in = expect(log_in.sync_detailed(client=nobody, body=body), 200, Authenticated)
    assert logged_in.meta
    used = RefreshRequest(refresh_token=told(logged_in.meta.refresh_token))
    key = str(uuid4())
    for _time in range(2):  # the answer was lost
        pair = expect(refresh_tokens.sync_detailed(client=nobody, body=used, idempotency_key=key), 200, TokenPair)
    used = RefreshRequest(refresh_token=pair.data.refresh_token)
    pair = expect(refresh_tokens.sync_detailed(client=nobody, body=used), 200, TokenPair)
    garbled = RefreshRequest(refresh_token="x")
    expect(refresh_tokens.sync_detailed(client=nobody, body=garbled), 400, AuthErrors)
    client = site.logged_in(pair.data.access_token)
    assert expect(session.sync_detailed(client=client), 200, Authenticated).data.user.email == EMAIL
    return client


def introduce(client: AuthenticatedClient) -> None:
    """Profile: read, changed, and refused."""
    me = expect(me_read.sync_detailed(client=client), 200, Me)
    assert (me.email, me.display_name, me.roles, me.deletion_due_at) == (EMAIL, "Typed", ["learner"], None)
    changed = me_change.sync_detailed(client=client, body=PatchedMeRequest(time_zone="Europe/Vienna"))
    assert expect(changed, 200, Me).time_zone == "Europe/Vienna"
    refused = me_change.sync_detailed(client=client, body=PatchedMeRequest(time_zone="Europe/Atlantis"))
    problem = expect(refused, 400, Problem)
    assert (problem.type_, problem.errors[0].pointer) == (ProblemType.INVALID, "/time_zone")


def manage_addresses(client: AuthenticatedClient, site: Site) -> None:
    """A second address: added, verified, made the first one for a while, and removed."""
    other = AddressRequest(email=OTHER_EMAIL)
    added = expect(add_address.sync_detailed(client=client, body=other), 200, Addresses)
    assert {one.email: one.verified for one in added.data} == {EMAIL: True, OTHER_EMAIL: False}
    site.let_time_pass()
    assert expect(verify_address.sync_detailed(client=client, body=other), 200, AuthDone)
    code = EmailCodeRequest(key=site.mailed_code(OTHER_EMAIL))
    expect(verify_email.sync_detailed(client=client, body=code), 200, Authenticated)
    for email in (OTHER_EMAIL, EMAIL):
        choice = PrimaryAddressRequest(email=email, primary=True)
        chosen = expect(choose_address.sync_detailed(client=client, body=choice), 200, Addresses)
        assert [one.email for one in chosen.data if one.primary] == [email]
    left = expect(remove_address.sync_detailed(client=client, body=other), 200, Addresses)
    assert left == expect(addresses.sync_detailed(client=client), 200, Addresses)
    assert [one.email for one in left.data] == [EMAIL]


def use_second_factor(client: AuthenticatedClient, site: Site) -> None:
    """An authenticator app is switched on, logs in with the password, and is switched off."""
    confirm(client, PASSWORD)
    secret = expect(totp.sync_detailed(client=client), 404, TotpSecret).meta.secret
    body = SecondFactorRequest(code=site.totp_code(secret, 0))
    activated = expect(activate_totp.sync_detailed(client=client, body=body), 200, TotpAnswer)
    assert activated.data.last_used_at is None or activated.data.last_used_at > 0
    assert expect(totp.sync_detailed(client=client), 200, TotpAnswer).data == activated.data
    factors = expect(authenticators.sync_detailed(client=client), 200, Authenticators).data
    assert any(isinstance(factor, Totp) for factor in factors)
    expect(new_recovery_codes.sync_detailed(client=client), 200, RecoveryCodesAnswer)
    codes = expect(recovery_codes.sync_detailed(client=client), 200, RecoveryCodesAnswer).data.unused_codes
    assert codes
    started = log_in.sync_detailed(client=site.anonymous(), body=LoginRequest(email=EMAIL, password=PASSWORD))
    half = expect(started, 401, Unauthenticated)
    assert pending(half) is AuthFlowId.MFA_AUTHENTICATE
    assert not half.meta.access_token
    half_way = site.under_way(told(half.meta.session_token))
    # A code is good once, and the last and the next one are taken: so this one is, whenever the 30 seconds end.
    body = SecondFactorRequest(code=site.totp_code(secret, 1))
    whole = expect(second_factor.sync_detailed(client=half_way, body=body), 200, Authenticated)
    assert whole.meta
    other = site.logged_in(told(whole.meta.access_token))
    body = SecondFactorRequest(code=codes[0])
    expect(reauthenticate_with_code.sync_detailed(client=other, body=body), 200, Authenticated)
    expect(deactivate_totp.sync_detailed(client=client), 200, AuthDone)


def manage_devices(client: AuthenticatedClient) -> None:
    """Every other device is logged out."""
    found = expect(sessions.sync_detailed(client=client), 200, Devices).data
    others = [device.id for device in found if not device.is_current]
    assert len(found) == len(others) + 1
    ended = end_sessions.sync_detailed(client=client, body=DevicesRequest(sessions=others))
    [current] = expect(ended, 200, Devices).data
    assert current.is_current


def change_and_forget_password(client: AuthenticatedClient, site: Site) -> AuthenticatedClient:
    """A new password ends the other sessions; the forgotten one is set again by a mailed code."""
    body = PasswordChangeRequest(current_password=PASSWORD, new_password=NEW_PASSWORD)
    changed = expect(change_password.sync_detailed(client=client, body=body), 200, Authenticated)
    assert changed.meta
    expect(session.sync_detailed(client=site.logged_in(told(changed.meta.access_token))), 200, Authenticated)
    forgotten = request_password_reset.sync_detailed(client=site.anonymous(), body=AddressRequest(email=EMAIL))
    asked = expect(forgotten, 401, Unauthenticated)
    assert pending(asked) is AuthFlowId.PASSWORD_RESET_BY_CODE
    resetting, key = site.under_way(told(asked.meta.session_token)), site.mailed_code(EMAIL)
    whose = password_reset.sync_detailed(client=resetting, x_password_reset_key=key)
    assert expect(whose, 200, PasswordResetPerson).data.user.email == EMAIL
    new = PasswordResetRequest(key=key, password=PASSWORD)
    expect(reset_password.sync_detailed(client=resetting, body=new), 200, Authenticated)
    return enter(site, PASSWORD)


def take_everything_along(client: AuthenticatedClient) -> None:
    """All of one's data, as often as it may be asked for."""
    for _time in range(EXPORTS_AN_HOUR):
        data = expect(me_export.sync_detailed(client=client), 200, Export)
    assert (data.version, data.profile.email, [one.email for one in data.addresses]) == (1, EMAIL, [EMAIL])
    assert [one.course for one in data.enrolments] == ["lines"]
    assert len(data.completions) == 3
    assert {one.verdict for one in data.attempts} == {"passed", "failed"}
    assert [len(one.predictions) for one in data.predictions] == [20]
    assert len(data.certificates) == 1
    assert data.sessions
    answer = me_export.sync_detailed(client=client)
    assert expect(answer, 429, Problem).type_ is ProblemType.TOO_MANY_REQUESTS
    assert int(answer.headers["Retry-After"]) > 0


def delete_and_keep_account(client: AuthenticatedClient, site: Site) -> AuthenticatedClient:
    """The account is to be deleted, which ends every session; a new one keeps it."""
    confirm(client, PASSWORD)
    due = expect(me_delete.sync_detailed(client=client), 202, Deletion).deletion_due_at
    assert isinstance(due, datetime)
    assert expect(me_read.sync_detailed(client=client), 401, Problem).status == 401
    client = enter(site, PASSWORD)
    assert expect(me_read.sync_detailed(client=client), 200, Me).deletion_due_at == due
    assert expect(me_delete.sync_detailed(client=client), 403, Problem).status == 403
    assert me_keep.sync_detailed(client=client).status_code == 204
    assert expect(me_read.sync_detailed(client=client), 200, Me).deletion_due_at is None
    return client


def end(client: AuthenticatedClient) -> None:
    """Logged out, nothing is answered any more."""
    expect(log_out.sync_detailed(client=client), 401, Unauthenticated)
    refused = expect(me_read.sync_detailed(client=client), 401, Problem)
    assert refused.type_ is ProblemType.NOT_AUTHENTICATED


def confirm(client: AuthenticatedClient, password: str) -> None:
    """Enter the password again."""
    body = PasswordRequest(password=password)
    methods = expect(reauthenticate.sync_detailed(client=client, body=body), 200, Authenticated).data.methods
    assert methods[-1].reauthenticated


def pending(answer: Unauthenticated) -> AuthFlowId:
    """The next step."""
    [flow] = [flow for flow in answer.data.flows if flow.is_pending]
    return flow.id


def told(token: object) -> str:
    """A token that must be there."""
    assert isinstance(token, str)
    return token
