"""The profile page, one's own data as a file, and the end of an account.

Logging in, addresses, passwords, sessions and second factors are allauth's pages.
"""

from typing import Any

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import selectors
from accounts.forms import ProfileForm
from accounts.services import leaving, limits, people, personal_data
from accounts.throttling import counted


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@counted(limits.WRITES)
def profile(request: HttpRequest) -> HttpResponse:
    """Show and change the reader's own name, language and time zone."""
    user: Any = request.user  # never anonymous: login_required
    form = ProfileForm(request.POST if request.method == "POST" else None, user=user)
    if form.is_valid():
        people.update_profile(user=user, **form.cleaned_data)
        messages.success(request, "Your profile is saved.")
        return redirect("accounts:profile")
    known = {"roles": selectors.roles_of(user), "has_second_factor": selectors.has_second_factor(user)}
    return render(request, "accounts/profile.html", {"form": form, **known}, status=400 if form.is_bound else 200)


@login_required
@require_safe
@counted(limits.EXPORT, "GET")
def data(request: HttpRequest) -> HttpResponseBase:
    """All that is stored about the reader, as a file; counted together with the API's."""
    document = personal_data.document(request.user)  # type: ignore[arg-type]  # never anonymous
    return StreamingHttpResponse(document, content_type="application/json", headers=personal_data.file_headers())


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@reauthentication_required(allow_get=True)
@counted(limits.DELETION)
def delete(request: HttpRequest) -> HttpResponse:
    """Ask before the account is marked for deletion; where it is, offer to keep it."""
    user: Any = request.user
    if request.method != "POST":
        return render(request, "accounts/delete.html", {"days": leaving.grace_days()})
    try:
        due_at = leaving.ask_for_deletion(user=user)
    except leaving.LastSuperuser as error:
        return render(request, "accounts/delete.html", {"days": leaving.grace_days(), "problem": error}, status=409)
    logout(request)
    day = date_format(timezone.localtime(due_at), "j F Y")
    messages.success(request, f"Your account will be deleted on {day}. Until then you can log in and keep it.")
    return redirect("/")


@login_required
@require_POST
@counted(limits.DELETION)
def keep(request: HttpRequest) -> HttpResponse:
    """Take the wish to be deleted back."""
    user: Any = request.user
    leaving.keep_account(user=user)
    messages.success(request, "Your account stays.")
    return redirect("accounts:profile")
