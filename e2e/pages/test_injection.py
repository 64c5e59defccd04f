"""Markup that a user types stays text on every screen, and a policy guards that as well."""

import re

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from e2e.support.clinic import Clinic
from e2e.support.verbs import (
    capture,
    expect_stored_once,
    gallery,
    open_camera,
    sign_in,
    start_consultation,
    stored_today,
)
from e2e.support.watch import Watch

HANDLER = "<img src=data:, onerror=pwned=1>"
SCRIPT = "<script>pwned=1</script>"
ATTACK = HANDLER + SCRIPT
RUN = """(attack) => {
  const place = document.createElement('div');
  place.innerHTML = attack;
  document.body.append(place);
  const script = document.createElement('script');
  script.textContent = 'scripted = 1';
  document.body.append(script);
  const picture = place.querySelector('img');
  return new Promise((done) => {
    const look = () => done([typeof pwned, typeof scripted]);
    picture.addEventListener('error', () => setTimeout(look));
  });
}"""


# Every way in which a text or an address becomes a script, and what each attempt ended with.
BECOME = """(attack) => {
  const script = document.createElement('script');
  const ways = [
    () => (document.createElement('div').innerHTML = attack),
    () => document.body.insertAdjacentHTML('beforeend', attack),
    () => new DOMParser().parseFromString(attack, 'text/html'),
    () => (script.textContent = 'scripted = 1'),
    () => (script.src = '/pwa/page/dom.js'),
    () => (document.createElement('iframe').srcdoc = attack),
  ];
  const outcome = (way) => { try { way(); return 'done'; } catch (error) { return error.name; } };
  return ways.map(outcome);
}"""
TYPED = re.compile(r"; (require-trusted-types-for|trusted-types) [^;]+")


def inert(page: Page) -> None:
    """Nothing that was typed has become part of the page."""
    assert page.evaluate("typeof pwned") == "undefined"
    assert page.locator("img[onerror]").count() == 0
    assert page.evaluate("[...document.scripts].filter((one) => !one.src).length") == 0


def test_markup_in_every_text_field_stays_text(clinic: Clinic, phone: Page, desktop: Page) -> None:
    """Label, second identifier, notes, caption and body site, on every screen that shows them."""
    sign_in(desktop, clinic, "/desktop")
    desktop.get_by_role("button", name="New consultation").first.click()
    form = desktop.get_by_role("dialog", name="New consultation")
    form.get_by_label("Label").fill(ATTACK)
    form.get_by_label("Second identifier").fill(ATTACK)
    form.get_by_role("button", name="Start consultation").click()
    expect(desktop.get_by_role("heading", name=ATTACK)).to_be_visible()
    sign_in(phone, clinic)
    expect(phone.get_by_role("heading", name=ATTACK)).to_be_visible()
    capture(phone, 1)
    stored_today(phone, 1)
    gallery(desktop, 1)
    desktop.get_by_role("textbox", name="Notes").fill(ATTACK)
    desktop.get_by_role("list", name="Photos").get_by_role("button").first.click()
    dialog = desktop.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Caption").fill(ATTACK)
    dialog.get_by_label("Body site").fill(ATTACK)
    expect(dialog.get_by_text("Saved", exact=True)).to_be_visible()
    inert(desktop)
    dialog.get_by_role("button", name="Close", exact=True).click()
    expect(desktop.get_by_role("list", name="Photos").get_by_role("button").first).to_contain_text(HANDLER)

    desktop.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(desktop.locator("#sheet figure")).to_contain_text(HANDLER)
    inert(desktop)
    open_camera(phone)
    start_consultation(desktop, f"2 {ATTACK}")
    phone.evaluate("dispatchEvent(new Event('online'))")  # The phone fetches now and not in 15 s.
    expect(phone.get_by_role("button", name=f"Switch to 2 {ATTACK}")).to_be_visible()
    inert(phone)
    desktop.reload()
    expect(desktop.get_by_role("heading", name=f"2 {ATTACK}")).to_be_visible()
    inert(desktop)
    [row] = expect_stored_once(desktop, clinic, 1)
    assert (row["caption"], row["body_site"]) == (ATTACK, ATTACK)


def test_markup_as_an_account_name_is_text_and_no_account(
    clinic: Clinic, desktop: Page, watch: Watch
) -> None:
    """No account can have that name, and trying to sign in with it runs nothing."""
    watch.allow("status of 401")
    with pytest.raises(Exception, match="A name has 1 to 64 letters"):
        clinic.add_account(HANDLER)
    desktop.goto("/sign-in")
    desktop.get_by_label("Name").fill(HANDLER)
    desktop.get_by_label("Password", exact=True).fill(ATTACK)
    desktop.get_by_role("button", name="Sign in").click()

    expect(desktop.get_by_role("alert")).to_contain_text("The name or the password is not right.")
    inert(desktop)


@pytest.mark.parametrize("path", ["/desktop", "/mobile", "/sign-in?change=1"])
def test_markup_that_got_into_a_page_would_still_not_run(
    clinic: Clinic, desktop: Page, watch: Watch, path: str
) -> None:
    """The second wall: the policy refuses inline handlers and scripts, and reports each."""
    watch.allow("CSP report: script-src", "violates the following Content Security Policy", "data:,")
    # A page that the test itself serves comes from no address, and such a page may open no signals here.
    watch.allow("ERR_BLOCKED_BY_LOCAL_NETWORK_ACCESS_CHECKS")
    sign_in(desktop, clinic, "/desktop")
    desktop.route(f"**{path}", without_trusted_types)
    desktop.goto(path)

    assert desktop.evaluate(RUN, HANDLER) == ["undefined", "undefined"]

    reports = [line for line in watch.complaints if "CSP report: script-src" in line]
    assert len(reports) == 2


def without_trusted_types(route: Route) -> None:
    """The page as it would be in a browser that does not know them."""
    answer = route.fetch()
    policy = answer.headers["content-security-policy"]
    assert TYPED.search(policy)
    route.fulfill(
        response=answer, headers={**answer.headers, "content-security-policy": TYPED.sub("", policy)}
    )


@pytest.mark.parametrize("path", ["/desktop", "/mobile", "/sign-in?change=1"])
def test_no_text_becomes_markup_or_a_script(clinic: Clinic, desktop: Page, watch: Watch, path: str) -> None:
    """The third wall: the browser itself takes no text where code could come from, from no script."""
    watch.allow("CSP report: require-trusted-types-for", "TrustedHTML", "TrustedScript")
    sign_in(desktop, clinic, "/desktop")
    desktop.goto(path)

    assert desktop.evaluate(BECOME, HANDLER) == ["TypeError"] * 6


def test_without_a_policy_the_same_markup_runs(browser: Browser) -> None:
    """The control: on a page without a policy both ways in are open."""
    page = browser.new_page()
    page.goto("about:blank")

    assert page.evaluate(RUN, HANDLER) == ["number", "number"]
    assert page.evaluate(BECOME, HANDLER) == ["done"] * 6
    page.close()
