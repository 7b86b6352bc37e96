"""The profile page. Logging in, addresses, passwords and second factors are allauth's pages."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts import selectors, services
from accounts.forms import ProfileForm


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Show and change the reader's own name, language and time zone."""
    user: Any = request.user  # never anonymous: login_required
    form = ProfileForm(request.POST if request.method == "POST" else None, user=user)
    if form.is_valid():
        services.update_profile(user=user, **form.cleaned_data)
        messages.success(request, "Your profile is saved.")
        return redirect("accounts:profile")
    known = {"roles": selectors.roles_of(user), "has_second_factor": selectors.has_second_factor(user)}
    return render(request, "accounts/profile.html", {"form": form, **known}, status=400 if form.is_bound else 200)
