"""With the phone's text enlarged, every screen keeps its width and what must be tapped stays in reach."""

from playwright.sync_api import Locator, Page, expect

from e2e.support.clinic import Clinic
from e2e.support.verbs import (
    capture,
    expect_state,
    gallery,
    open_camera,
    open_consultation_on_both,
    review,
    sign_in,
    start_consultation,
    stored_today,
    take,
)
from e2e.support.watch import Watch

NO_LINK = r"ERR_INTERNET_DISCONNECTED|Failed to fetch"

WIDTHS = [(390, 844), (320, 568)]
PERCENTS = [100, 150, 200]
LONG_LABEL = "Room 2 · left forearm, second check after the biopsy of the first of March, J.S. 54y"
# Nothing of an element is cut off by the edges of the screen.
INSIDE = """one => {
  const {left, right, top, bottom} = one.getBoundingClientRect();
  const {clientWidth, clientHeight} = document.documentElement;
  return left > -1 && right < clientWidth + 1 && top > -1 && bottom < clientHeight + 1;
}"""


def enlarged(page: Page) -> list[str]:
    """Take the page through every width and size of text; those at which it scrolls sideways."""
    wide = []
    for width, height in WIDTHS:
        page.set_viewport_size({"width": width, "height": height})
        for percent in PERCENTS:
            page.evaluate("percent => document.documentElement.style.fontSize = `${percent}%`", percent)
            found = page.evaluate("document.documentElement.scrollWidth")
            if found > width:
                wide.append(f"{found} of {width} at {percent} %")
    return wide


def out_of_reach(page: Page, *controls: Locator) -> list[str]:
    """At every width and size of text, the controls that cannot be seen whole and tapped."""
    lost = []
    for width, height in WIDTHS:
        page.set_viewport_size({"width": width, "height": height})
        for percent in PERCENTS:
            page.evaluate("percent => document.documentElement.style.fontSize = `${percent}%`", percent)
            for control in controls:
                control.click(trial=True)
                if not control.evaluate(INSIDE):
                    lost.append(f"{control} at {width} px, {percent} %")
    return lost


def test_no_screen_of_the_phone_scrolls_sideways(
    clinic: Clinic, phone: Page, desktop: Page, watch: Watch
) -> None:
    """Sign-in, home, camera, retake, review and queue, at 100, 150 and 200 %, 390 and 320 px wide."""
    watch.allow(NO_LINK)
    phone.goto("/sign-in?back=/mobile")
    found = {"sign-in": enlarged(phone)}
    open_consultation_on_both(clinic, phone, desktop, LONG_LABEL)
    found["home"] = enlarged(phone)
    open_camera(phone)
    take(phone, 2)
    found["camera"] = enlarged(phone)
    review(phone, 2)
    found["review"] = enlarged(phone)
    phone.get_by_role("button", name="Retake").first.click()
    expect_state(phone, "camera")
    found["retake"] = enlarged(phone)
    phone.get_by_role("button", name="Close camera").click()
    phone.context.set_offline(True)
    phone.get_by_role("button", name="Upload 2 photos").click()
    expect(phone.get_by_role("list", name="Upload queue").get_by_role("listitem")).to_have_count(2)
    found["queue"] = enlarged(phone)

    assert {screen: wide for screen, wide in found.items() if wide} == {}


def test_the_shutter_and_review_stay_in_reach(clinic: Clinic, phone: Page, desktop: Page) -> None:
    """A label of 84 characters neither hides the viewfinder nor moves what is tapped off the screen."""
    open_consultation_on_both(clinic, phone, desktop, LONG_LABEL)
    open_camera(phone)
    take(phone, 2)
    shutter = phone.get_by_role("button", name="Take photo")
    camera = [shutter, *(phone.get_by_role("button", name=name) for name in ("Review (2)", "Close camera"))]
    heading = phone.get_by_role("heading", name=LONG_LABEL)

    assert out_of_reach(phone, *camera) == []
    assert heading.evaluate(
        "one => one.getBoundingClientRect().bottom <= one.parentElement.getBoundingClientRect().bottom"
    )
    picture = phone.locator(".stage").bounding_box()
    assert picture
    assert picture["height"] >= 120

    review(phone, 2)
    # Above the queue of photos: the way back and the way out.
    ways = [phone.get_by_role("button", name=name) for name in ("Open camera", "Close review")]
    assert out_of_reach(phone, *ways) == []


def test_the_question_s_answers_stay_in_reach(clinic: Clinic, phone: Page, desktop: Page) -> None:
    """While the desktop is on another consultation, both answers can be brought into sight and tapped."""
    open_consultation_on_both(clinic, phone, desktop, LONG_LABEL)
    open_camera(phone)
    take(phone, 1)
    start_consultation(desktop, "Room 3 · M.T. 31y")
    question = phone.get_by_role("group").filter(has_text="The desktop is now on")
    expect(question).to_be_visible()

    # Whole on the screen, and scrolled within where it is longer: the camera's page itself never scrolls.
    assert out_of_reach(phone, question) == []
    assert enlarged(phone) == []
    for name in (f"Keep {LONG_LABEL}", "Switch to Room 3 · M.T. 31y"):
        answer = question.get_by_role("button", name=name)
        answer.click(trial=True)
        answer.scroll_into_view_if_needed()
        assert answer.evaluate(INSIDE)


LONG_WORD = "Maximilianalexandergottfriedwilhelmsonderegger-vonundzuhohenst"


def test_a_name_without_a_space_ends_its_line_everywhere(clinic: Clinic, phone: Page, desktop: Page) -> None:
    """A label and an account of 62 characters in one word: no screen grows sideways, on either page."""
    password = clinic.add_account(LONG_WORD)
    for page, back in ((desktop, "/desktop"), (phone, "/mobile")):
        sign_in(page, clinic, back, LONG_WORD, password)
    found = {"nothing open": enlarged(phone)}
    phone.get_by_role("button", name="Menu").click()
    found["menu"] = enlarged(phone)
    phone.get_by_role("button", name="Close", exact=True).click()
    start_consultation(desktop, LONG_WORD)
    expect(phone.get_by_role("heading", name=LONG_WORD)).to_be_visible()
    found["home"] = enlarged(phone)
    open_camera(phone)
    take(phone, 1)
    found["camera"] = enlarged(phone)
    review(phone, 1)
    found["review"] = enlarged(phone)
    found["desktop"] = enlarged(desktop)

    assert {screen: wide for screen, wide in found.items() if wide} == {}


def one_letter_a_line(page: Page) -> list[str]:
    """Visible texts in less space than four of their letters need, one below the other."""
    texts: list[str] = page.evaluate(
        """() => [...document.querySelectorAll("h1, h2, p, button, span, label, strong, a")]
             .filter((one) => one.checkVisibility() && one.innerText?.trim().length > 3
               && !one.matches(".visually-hidden, .visually-hidden *, kbd"))
             .filter((one) => {
               const { width, height } = one.getBoundingClientRect();
               const size = parseFloat(getComputedStyle(one).fontSize);
               return width > 0 && width < 2 * size && height > 3 * size;
             })
             .map((one) => one.innerText)"""
    )
    return texts


def test_the_desktop_makes_room_for_text_of_twice_the_size(
    clinic: Clinic, phone: Page, desktop: Page
) -> None:
    """At 32 px a letter the columns become tabs: the heading is whole, and a photo is opened by a click."""
    open_consultation_on_both(clinic, phone, desktop)
    capture(phone, 1)
    stored_today(phone, 1)
    gallery(desktop, 1)
    tabs = desktop.get_by_role("tablist")
    expect(tabs).to_be_hidden()

    for width, height in [(1440, 900), (1024, 700), (1920, 1080)]:
        desktop.set_viewport_size({"width": width, "height": height})
        desktop.evaluate("document.documentElement.style.fontSize = '32px'")
        expect(tabs).to_be_visible(visible=width < 1800)
        assert one_letter_a_line(desktop) == []
        assert desktop.evaluate("document.documentElement.scrollWidth") <= width
        desktop.get_by_role("list", name="Photos").get_by_role("button").first.click()
        expect(desktop.get_by_role("dialog")).to_be_visible()
        desktop.keyboard.press("Escape")
        expect(desktop.get_by_role("dialog")).to_be_hidden()

    # The control: in a column of one letter's width the text is found.
    desktop.locator("h1").evaluate("one => (one.style.inlineSize = '1ch')")
    assert one_letter_a_line(desktop) != []
