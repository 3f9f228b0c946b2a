"""The audit tab in a real browser: what is chosen in one view shows in the others, and in the address."""

import re

import numpy as np
import pytest

from fastnet.audit import load_audit

from .conftest import MILLISECONDS, at_rest, pages

pytestmark = pytest.mark.parametrize("address", ["models"], indirect=True)
AUDITED, BARE = "audited", "bare"

N_MARKS = "Bokeh.documents[0].get_model_by_name('marks')?.get_column('x').length"
PLACE = """() => {
    const points = Bokeh.documents[0].get_model_by_name("points")
    const isTheirs = (view) => view.model.renderers?.some((each) => each.data_source === points)
    const plot = [...Bokeh.index.all_views()].find(isTheirs)
    const box = plot.el.getBoundingClientRect()
    const [x, y] = [points.get_column("x")[0], points.get_column("y")[0]]
    return [box.x + plot.frame.x_scale.compute(x), box.y + plot.frame.y_scale.compute(y)]
}"""


@pytest.fixture
def audit(models):
    return load_audit(models / AUDITED)


@pytest.fixture(scope="module")
def audit_page(browser, address):
    """A page on the audit, which takes long to draw: for tests that hold whatever others before them chose."""
    with pages(browser, address) as open_page:
        yield open_page(search=f"?tab=audit&model={AUDITED}")


def errors_card(page):
    return page.locator(".digits-grid").first


def test_a_click_on_a_cell_filters_the_errors_and_marks_the_points(audit_page, audit):
    from playwright.sync_api import expect

    page = audit_page  # on which nothing is chosen yet
    n_errors = len(audit.figures.errors)
    expect(errors_card(page).get_by_role("button")).to_have_count(min(n_errors, 30))
    error = audit.figures.errors[0]
    true, predicted = error.true, error.predicted
    n = audit.figures.classes.confusion[true][predicted]
    cell = page.get_by_role("gridcell", name=re.compile(f"that are {true} were read as {predicted}$"))
    cell.click()
    expect(errors_card(page).get_by_role("button")).to_have_count(n)
    expect(cell).to_have_attribute("aria-selected", "true")
    expect(page).to_have_url(re.compile(f"cell={true}-{predicted}"))
    page.wait_for_function(f"() => {N_MARKS} === {n}")  # all errors are among the points
    page.get_by_role("button", name="Clear").first.click()
    expect(errors_card(page).get_by_role("button")).to_have_count(min(n_errors, 30))
    page.wait_for_function(f"() => {N_MARKS} === 0")
    expect(page).not_to_have_url(re.compile("cell="))
    page.go_back()  # undoes the last choice
    expect(errors_card(page).get_by_role("button")).to_have_count(n)


def test_hovering_over_a_point_shows_its_digit(audit_page):
    read_as = audit_page.get_by_text(re.compile("read as .*%"))
    audit_page.wait_for_function("() => getComputedStyle(document.documentElement).getPropertyValue('--digits') !== ''")
    audit_page.get_by_role("heading", name="Embedding").scroll_into_view_if_needed()
    audit_page.get_by_role("heading", name="Doubtful labels").wait_for()
    x, y = at_rest(audit_page, lambda: audit_page.evaluate(PLACE))
    assert read_as.count() == 0
    audit_page.mouse.move(x, y, steps=5)
    read_as.wait_for()


def test_the_cells_are_reached_by_the_arrow_keys(audit_page):
    from playwright.sync_api import expect

    audit_page.get_by_role("gridcell", name="that are 0 were read as 0").focus()
    for key in ("ArrowDown", "ArrowRight", "Enter"):
        audit_page.keyboard.press(key)
    expect(audit_page.get_by_role("gridcell", name="that are 1 were read as 1")).to_have_attribute(
        "aria-selected", "true"
    )


def test_a_unit_shows_its_filter_and_what_excites_it_most_and_dead_ones_stand_apart(audit_page, audit):
    from playwright.sync_api import expect

    living, dead = (np.flatnonzero(are) for are in (audit.active_shares[0] > 0, audit.active_shares[0] == 0))
    unit = int(living[3])
    rows = [int(row) for row in audit.units[0][unit] if row >= 0]
    audit_page.get_by_text(f"{len(dead)} dead units: they answer to none of the test digits.").wait_for()
    expect(audit_page.get_by_role("img", name=f"weights of {len(dead)} dead units")).to_be_visible()
    filters = audit_page.get_by_role("img", name=f"weights of {len(living)} units")
    box = at_rest(audit_page, filters.bounding_box)
    height = box["width"] / 32  # of a line
    filters.click(position={"x": height * 3.5, "y": height / 2})  # the fourth of the first line
    expect(audit_page.get_by_text(f"Unit {unit} answers to")).to_be_visible()
    exciting = audit_page.locator(".unit .digits-grid button")
    expect(exciting).to_have_count(len(rows))
    exciting.first.click()
    chosen = audit_page.get_by_text(f"Test digit {rows[0]:,} is labelled")
    expect(chosen).to_be_in_viewport()
    number = audit_page.get_by_role("spinbutton", name="Unit")
    number.fill(str(dead[0]))
    number.press("Enter")
    expect(audit_page.get_by_text(f"Unit {dead[0]} is dead")).to_be_visible()
    sections = audit_page.get_by_role("navigation", name="Sections of the audit")
    for title in ("Robustness", "Confusion matrix"):  # far below, and far above
        sections.get_by_role("button", name=title).click()
        expect(audit_page.get_by_role("heading", name=title, exact=True)).to_be_in_viewport()
        expect(sections).to_be_in_viewport()
        expect(chosen).to_be_in_viewport()
    audit_page.get_by_role("region", name="The chosen digit").get_by_role("button", name="Close").click()
    expect(chosen).to_have_count(0)


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_a_shared_address_restores_tab_model_and_choice(open_page, size):
    from playwright.sync_api import expect

    page = open_page(size, search=f"?tab=audit&model={AUDITED}&cell=7-7&unit=5&digit=17")
    expect(page.get_by_role("tab", name="Audit")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("combobox", name="Model").last).to_have_text(AUDITED)
    expect(page.get_by_role("gridcell", name="that are 7 were read as 7")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_text(re.compile("Unit 5 (answers to|is dead)"))).to_be_visible()
    expect(page.get_by_text("Test digit 17 is labelled")).to_be_visible()
    expect(page.get_by_role("heading", name="Doubtful labels")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_model_without_an_audit_is_said_to_be_so_and_others_go_on(open_page):
    from playwright.sync_api import expect

    page = open_page(search=f"?tab=audit&model={BARE}")
    expect(page.get_by_text("bare has not been audited yet.")).to_be_visible()
    expect(page.get_by_role("button", name="Compute the audit")).to_be_enabled()
    page.get_by_role("combobox", name="Model").last.click()
    page.get_by_role("listbox").get_by_text(AUDITED, exact=True).click()
    expect(errors_card(page).get_by_role("button").first).to_be_visible()


def test_a_picture_is_downloaded(audit_page):
    page = audit_page
    page.get_by_label("Report and pictures").select_option("confusion.png")
    with page.expect_download(timeout=MILLISECONDS) as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "audited-confusion.png"
    assert download.value.path().read_bytes().startswith(b"\x89PNG")
