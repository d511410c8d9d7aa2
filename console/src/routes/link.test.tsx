import { screen, waitFor, within } from "@testing-library/react";
import { http } from "msw";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { UpdateLink } from "@/api/types";
import {
  deleteWorks,
  linkIs,
  listHas,
  makeLink,
  makeStats,
  problem,
  signedIn,
  statsAnswer,
  updateAnswers,
} from "@/test/handlers";
import { renderApp } from "@/test/render";
import { server } from "@/test/server";

const fact = async (name: string) => (await screen.findByText(name)).nextElementSibling;

describe("a link's page", () => {
  test("shows the link and its numbers", async () => {
    server.use(
      signedIn,
      linkIs(makeLink()),
      statsAnswer(() => makeStats([2, 0, 5], { total: 40 })),
    );
    renderApp("/links/lnk_spring");

    const heading = await screen.findByRole("heading", { level: 1 });
    expect(heading).toHaveTextContent("go.example.com/spring");
    await waitFor(async () => expect(await fact("Total clicks")).toHaveTextContent("40"));
    expect(await fact("Clicks, last 24 hours")).toHaveTextContent("7");
  });

  test("shows an international host in both of its spellings, and warns of mixed scripts", async () => {
    const original_url = "https://xn--pple-43d.com/";
    const link = makeLink({ original_url, unicode_host: "аpple.com", warnings: ["mixed_script"] });
    server.use(
      signedIn,
      linkIs(link),
      statsAnswer(() => makeStats([0])),
    );
    renderApp("/links/lnk_spring");

    const target = await screen.findByRole("link", {
      name: /xn--pple-43d\.com ?\(reads аpple\.com\)/,
    });
    expect(target).toHaveAttribute("href", original_url);
    expect(screen.getByText(/letters of several scripts/)).toBeVisible();
  });

  test("warns of a host that only looks Latin", async () => {
    const link = makeLink({
      original_url: "https://xn--80ak6aa92e.com/",
      unicode_host: "аррӏе.com",
      warnings: ["whole_script_confusable"],
    });
    server.use(
      signedIn,
      linkIs(link),
      statsAnswer(() => makeStats([0])),
    );
    renderApp("/links/lnk_spring");

    expect(await screen.findByText(/letters that all look like Latin ones/)).toBeVisible();
  });

  test("describes the chart and keeps a data table behind it", async () => {
    server.use(
      signedIn,
      linkIs(makeLink()),
      statsAnswer(() => makeStats([2, 0, 5])),
    );
    renderApp("/links/lnk_spring");

    const chart = await screen.findByRole("img", { name: /7 clicks, at most 5 clicks/ });
    await waitFor(() => expect(chart.querySelectorAll(".recharts-rectangle")).toHaveLength(2));
    const table = screen.getByRole("table", { name: "Clicks per hour, last 24 hours" });
    const cells = within(table).getAllByRole("cell");
    expect(cells.map((cell) => cell.textContent)).toEqual(["5", "0", "2"]);
  });

  test("shows the table instead of the chart on request", async () => {
    server.use(
      signedIn,
      linkIs(makeLink()),
      statsAnswer(() => makeStats([1])),
    );
    const { user, address } = renderApp("/links/lnk_spring");

    await user.click(await screen.findByRole("link", { name: "Table" }));

    await waitFor(() => expect(screen.queryByRole("img", { name: /chart/ })).toBeNull());
    expect(screen.getByRole("table")).toBeVisible();
    expect(address()).toBe("/console/links/lnk_spring?view=table");
  });

  test("asks for a week when the address says so", async () => {
    const hours: number[] = [];
    server.use(
      signedIn,
      linkIs(makeLink()),
      statsAnswer((search) => {
        hours.push((Date.now() - Date.parse(search.get("from") ?? "")) / 3_600_000);
        return makeStats([1]);
      }),
    );
    renderApp("/links/lnk_spring?range=7d");

    expect(await fact("Clicks, last 7 days")).toBeInTheDocument();
    await waitFor(() => expect(Math.ceil(hours[0] ?? 0)).toBe(168));
  });

  test("says when there is no such link", async () => {
    server.use(signedIn, ...unknownLink());
    renderApp("/links/lnk_spring");

    expect(await screen.findByText("There is no such link")).toBeVisible();
  });
});

describe("live numbers", () => {
  afterEach(() => vi.restoreAllMocks());

  test("move while somebody clicks, without a reload", async () => {
    let clicks = 1;
    server.use(
      signedIn,
      linkIs(makeLink()),
      statsAnswer(() => makeStats([0, clicks])),
    );
    renderApp("/links/lnk_spring");
    await waitFor(async () => expect(await fact("Total clicks")).toHaveTextContent("1"));

    clicks = 2;

    await waitFor(async () => expect(await fact("Total clicks")).toHaveTextContent("2"), {
      timeout: 4_000,
    });
  });

  test("say so when they stand still, and keep the last ones", async () => {
    server.use(
      signedIn,
      linkIs(makeLink()),
      statsAnswer(() => makeStats([3])),
    );
    renderApp("/links/lnk_spring");
    expect(await screen.findByText("Live")).toBeInTheDocument();

    server.use(statsAnswer(() => problem(503, "unavailable")));

    expect(await screen.findByText("Reconnecting…", {}, { timeout: 4_000 })).toBeInTheDocument();
    expect(await fact("Total clicks")).toHaveTextContent("3");
  });

  test("are not asked for while the tab is hidden", async () => {
    let asked = 0;
    server.use(
      signedIn,
      linkIs(makeLink()),
      statsAnswer(() => {
        asked += 1;
        return makeStats([1]);
      }),
    );
    renderApp("/links/lnk_spring");
    await screen.findByText("Live");

    vi.spyOn(document, "visibilityState", "get").mockReturnValue("hidden");
    document.dispatchEvent(new Event("visibilitychange"));
    const before = asked;
    await new Promise((done) => setTimeout(done, 2_500));
    expect(asked).toBe(before);

    vi.restoreAllMocks();
    document.dispatchEvent(new Event("visibilitychange"));
    await waitFor(() => expect(asked).toBeGreaterThan(before));
  });
});

describe("changing a link", () => {
  const quiet = statsAnswer(() => makeStats([0]));

  test("sends only what was changed, and null for what was emptied", async () => {
    const changes: UpdateLink[] = [];
    const link = makeLink({ title: "Spring" });
    server.use(
      signedIn,
      linkIs(link),
      quiet,
      updateAnswers((change) => {
        changes.push(change);
        return { ...link, title: null };
      }),
    );
    const { user } = renderApp("/links/lnk_spring");

    await user.click(await screen.findByRole("button", { name: /Edit/ }));
    await user.clear(await screen.findByLabelText("Title"));
    await user.click(screen.getByRole("button", { name: "Save changes" }));

    expect(await screen.findByText("Changes saved")).toBeInTheDocument();
    expect(changes).toEqual([{ title: null }]);
  });

  test("disables at once and can be undone", async () => {
    const changes: UpdateLink[] = [];
    const link = makeLink();
    server.use(
      signedIn,
      linkIs(link),
      quiet,
      updateAnswers((change) => {
        changes.push(change);
        const enabled = change.enabled === true;
        return { ...link, enabled, status: enabled ? "active" : "disabled" };
      }),
    );
    const { user } = renderApp("/links/lnk_spring");

    await user.click(await screen.findByRole("button", { name: "Disable" }));
    expect(await screen.findByText("Disabled")).toBeInTheDocument();
    await user.click(await screen.findByRole("button", { name: "Undo" }));

    expect(await screen.findByText("Active")).toBeInTheDocument();
    expect(changes).toEqual([{ enabled: false }, { enabled: true }]);
  });

  test("asks before it deletes, then returns to the list", async () => {
    server.use(signedIn, linkIs(makeLink()), quiet, deleteWorks, listHas());
    const { user, address } = renderApp("/links/lnk_spring");

    await user.click(await screen.findByRole("button", { name: "Delete" }));
    await user.click(await screen.findByRole("button", { name: "Delete link" }));

    expect(await screen.findByText("Link deleted")).toBeInTheDocument();
    await waitFor(() => expect(address()).toBe("/console/links"));
  });
});

function unknownLink() {
  const answer = () => problem(404, "not_found");
  return [http.get("*/api/v1/links/lnk_spring", answer), statsAnswer(answer)];
}
