"""Sign-up on the apex host: no cookie, no personal data unsealed, and a link that scanners cannot use.

Reading the link changes nothing: mail scanners read links. The button on its page does.
"""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import regions, sign_up
from accounts.errors import AccountsError, LinkExpired, MailNotSent, SlugTaken
from accounts.forms import SignUpForm
from accounts.limits import Limit, count, limited
from keychain.crypto.kms import KmsError
from tenants import directory
from tenants.models import State
from tenants.workspace import BadSlug

PER_IP = Limit("sign-up-ip", 20, 3600)
PER_ADDRESS = Limit("sign-up-mailbox", 5, 3600)
LOOKING = Limit("sign-up-slug", 120, 60)
OPENING = Limit("sign-up-link", 60, 60)


@limited(PER_IP)
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    if other := regions.sign_up_elsewhere(request.POST.get("region", "")):
        return render(request, "accounts/sign_up/elsewhere.html", {"region": other, "here": regions.here()})
    form = SignUpForm(request.POST or None, initial={"region": settings.REGION})
    if request.method == "POST" and form.is_valid() and begun(form):
        return redirect(reverse("sign_up:sent", urlconf=settings.APEX_URLCONF))
    context = {"form": form, "here": regions.here(), "elsewhere": regions.elsewhere()}
    return render(request, "accounts/sign_up/start.html", context)


def begun(form: SignUpForm) -> bool:
    """Begin the sign-up of a valid form; what refuses it is said on the form."""
    count(PER_ADDRESS, form.cleaned_data["email"])
    try:
        sign_up.begin(form.cleaned_data["slug"], form.details())
    except SlugTaken as error:
        form.add_error("slug", str(error))
    except (MailNotSent, KmsError) as error:
        form.add_error(None, str(error))
    return form.is_valid()


@limited(LOOKING, methods=("GET",))
@require_safe
def address(request: HttpRequest) -> HttpResponse:
    """A fragment that says whether the slug is free; the form says the same when it is sent."""
    slug = request.GET.get("slug", "").strip().lower()
    try:
        is_free, words = sign_up.is_free(slug), sign_up.TAKEN.format(slug=slug)
    except BadSlug as error:
        is_free, words = False, str(error)
    context = {"slug": slug, "is_free": is_free, "words": words}
    return render(request, "accounts/sign_up/address.html", context)


@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/sign_up/sent.html")


@never_cache
@limited(OPENING, methods=("GET", "POST"))
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest, token: str) -> HttpResponse:
    progress = reverse("sign_up:progress", urlconf=settings.APEX_URLCONF, args=[token])
    try:
        if request.method == "POST":
            sign_up.verify(token)
            return redirect(progress)
        asked = sign_up.find(token)
    except AccountsError as error:
        return ended(request, error)
    if asked.workspace:
        return redirect(progress)
    host = f"{asked.slug}.{settings.APEX.netloc}"
    return render(request, "accounts/sign_up/verify.html", {"asked": asked, "host": host})


@never_cache
@require_safe
def progress(request: HttpRequest, token: str) -> HttpResponse:
    """Asks again every two seconds, by the page itself, until the workspace is there."""
    try:
        asked = sign_up.find(token)
    except LinkExpired as error:
        return ended(request, error)
    if asked.workspace is None:
        return redirect(reverse("sign_up:verify", urlconf=settings.APEX_URLCONF, args=[token]))
    if asked.state == State.ACTIVE:
        return to_welcome(asked, token)
    return render(request, "accounts/sign_up/progress.html", {"asked": asked})


def to_welcome(asked: directory.AskedSignUp, token: str) -> HttpResponseRedirect:
    origin = directory.origin_of(directory.by_slug(asked.slug))
    return HttpResponseRedirect(
        origin + reverse("accounts:welcome", urlconf=settings.ROOT_URLCONF, args=[token])
    )


def ended(request: HttpRequest, error: AccountsError) -> HttpResponse:
    """The link leads nowhere any more; the page says why and where to go on."""
    status = 409 if isinstance(error, SlugTaken) else 410
    return render(request, "accounts/sign_up/ended.html", {"reason": str(error)}, status=status)
