"""Team pages: members, open invitations, and changes to both."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts import access, audit, emails, invitations, members
from accounts.access import MemberRequest
from accounts.models import Membership, Role
from vidgo.kernel import errors
from vidgo.kernel.web import pagination

SECTION = "team"
PAGE_SIZE = 50
INVITATIONS_LISTED = 100


class InviteForm(forms.Form):
    """Whom to invite, and in which role."""

    email = forms.EmailField(
        max_length=254,
        label="E-mail address",
        widget=forms.EmailInput(
            attrs={"placeholder": "colleague@example.com", "autocomplete": "off"}
        ),
    )
    role = forms.ChoiceField(
        choices=[(role.value, role.label) for role in invitations.ROLES],
        initial=Role.DEVELOPER,
    )


class RoleForm(forms.Form):
    """A member's role; only an owner may choose owner."""

    role = forms.ChoiceField(choices=Role.choices)

    def __init__(self, *args: Any, mine: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not access.allows(mine, "own"):
            self.fields["role"].choices = [  # type: ignore[attr-defined]
                (role.value, role.label) for role in Role if role != Role.OWNER
            ]


class RemoveForm(forms.Form):
    """Whether to revoke the keys that the member created."""

    with_keys = forms.BooleanField(required=False)


@require_http_methods(["GET", "HEAD", "POST"])
@access.member_page("view")
def team_page(request: MemberRequest) -> HttpResponseBase:
    """List the members and open invitations; a POST invites someone."""
    may_change = access.allows(request.membership, "team")
    form = InviteForm(request.POST if request.method == "POST" else None) if may_change else None
    status = 200
    if request.method == "POST":
        if form is None:
            raise access.RoleTooLow
        if form.is_valid() and _invite(request, form):
            return redirect("team")
        status = 400
    page = pagination.turn(
        members.list_members(organization=request.organization),
        key="public_id",
        query=request.GET,
        size=PAGE_SIZE,
    )
    context = {
        "section": SECTION,
        "form": form,
        "page": page,
        "invitations": (
            invitations.list_open(organization=request.organization)[:INVITATIONS_LISTED]
            if may_change
            else ()
        ),
        "protected": members.list_protected(people=page.rows) if may_change else set(),
        "table": role_table(),
        "roles": Role.labels,
    }
    return render(request, "accounts/team.html", context, status=status)


def _invite(request: MemberRequest, form: InviteForm) -> bool:
    """Send the invitation and return True, or add the error to the form."""
    address = form.cleaned_data["email"]
    try:
        invitations.invite(
            organization=request.organization,
            email=address,
            role=form.cleaned_data["role"],
            actor=audit.actor_of(request),
        )
    except emails.NotSent as refused:
        messages.warning(request, refused.message)
        return True
    except (errors.Conflict, errors.Invalid, errors.RateLimited) as refused:
        form.add_error(refused.param if refused.param in form.fields else None, refused.message)
        return False
    messages.success(request, f"Invited {address}. The link works for 7 days.")
    return True


def role_table() -> list[tuple[str, list[bool]]]:
    """Return the label of each ability, and for each role whether it has it."""
    return [
        (label, [ability in access.ABILITIES[role] for role in Role])
        for ability, label in access.WORDS.items()
    ]


@require_http_methods(["GET", "HEAD", "POST"])
@access.member_page("team")
def member_page(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """Show a member and what can be changed; a POST changes the role."""
    member = members.get_member(organization=request.organization, public_id=public_id)
    form = RoleForm(
        request.POST if request.method == "POST" else None,
        mine=request.membership,
        initial={"role": member.role},
    )
    if request.method == "POST" and form.is_valid():
        role = form.cleaned_data["role"]
        try:
            members.change_role(
                organization=request.organization,
                public_id=public_id,
                role=role,
                actor=audit.actor_of(request),
            )
        except (members.LastOwner, members.OwnersOnly) as refused:
            form.add_error("role", refused.message)
        else:
            messages.success(request, f"{member.user.email} is now {Role(role).label.lower()}.")
            return redirect("team")
    owns = access.allows(request.membership, "own")
    is_self = member.user_id == request.membership.user_id
    context = {
        "section": SECTION,
        "member": member,
        "form": form,
        "is_self": is_self,
        "may_change": owns or member.role != Role.OWNER,
        "may_transfer": owns and not is_self and member.role != Role.OWNER,
        "key_count": members.list_working_keys(member=member).count(),
    }
    return render(request, "accounts/team_member.html", context, status=400 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@access.member_page("team")
def remove_page(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """Ask whether to remove a member; a POST removes them."""
    member = members.get_member(organization=request.organization, public_id=public_id)
    if member.user_id == request.membership.user_id:
        return redirect("team_leave")
    if request.method == "POST":
        form = RemoveForm(request.POST)
        with_keys = form.is_valid() and form.cleaned_data["with_keys"]
        members.remove(
            organization=request.organization,
            public_id=public_id,
            actor=audit.actor_of(request),
            with_keys=with_keys,
        )
        messages.success(request, f"{member.user.email} is no longer a member.")
        return redirect("team")
    context = {
        "section": SECTION,
        "member": member,
        "keys": members.list_working_keys(member=member),
    }
    return render(request, "accounts/team_remove.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@access.member_page("own")
def transfer_page(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """Ask whether to transfer the organization; a POST transfers it."""
    member = members.get_member(organization=request.organization, public_id=public_id)
    if request.method == "POST":
        members.transfer(
            organization=request.organization,
            public_id=public_id,
            actor=audit.actor_of(request),
        )
        messages.success(request, f"{member.user.email} is now an owner, and you are an admin.")
        return redirect("team")
    return render(request, "accounts/team_transfer.html", {"section": SECTION, "member": member})


@require_http_methods(["GET", "HEAD", "POST"])
@access.member_page("view")
def leave_page(request: MemberRequest) -> HttpResponseBase:
    """Ask whether to leave; a POST ends the membership."""
    if request.method == "POST":
        members.leave(organization=request.organization, actor=audit.actor_of(request))
        messages.success(request, f"You left {request.organization.name}.")
        return redirect("dashboard")
    mine = request.membership
    context = {
        "section": SECTION,
        "is_last_owner": members.is_last_owner(member=mine),
        "key_count": members.list_working_keys(member=mine).count(),
    }
    return render(request, "accounts/team_leave.html", context)


@require_POST
@access.member_page("team")
def resend_invitation(request: MemberRequest, public_id: str) -> HttpResponse:
    """Resend an invitation with a new link."""
    try:
        invitation = invitations.resend(
            organization=request.organization,
            public_id=public_id,
            actor=audit.actor_of(request),
        )
    except (emails.NotSent, errors.RateLimited) as refused:
        messages.warning(request, refused.message)
    else:
        messages.success(
            request, f"Sent {invitation.email} a new link. The old one no longer works."
        )
    return redirect("team")


@require_POST
@access.member_page("team")
def withdraw_invitation(request: MemberRequest, public_id: str) -> HttpResponse:
    """Withdraw an invitation."""
    invitation = invitations.withdraw(
        organization=request.organization, public_id=public_id, actor=audit.actor_of(request)
    )
    messages.success(request, f"Withdrew the invitation of {invitation.email}.")
    return redirect("team")
