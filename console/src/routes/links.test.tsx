import { screen, waitFor, within } from "@testing-library/react";
import { delay, HttpResponse, http } from "msw";
import { describe, expect, test } from "vitest";
import { listAnswers, listHas, makeLink, problem, signedIn } from "@/test/handlers";
import { renderApp } from "@/test/render";
import { server } from "@/test/server";

const links = () => screen.findByRole("table", { name: /links/i });
const rowOf = (code: string) => screen.findByRole("row", { name: new RegExp(`/${code} `) });

describe("the list of links", () => {
  test("shows each link with its target, title, status and clicks", async () => {
    const title = "Spring sale";
    server.use(signedIn, listHas(makeLink({ title, clicks: 1204, status: "expired" })));
    renderApp("/links");

    const row = within(await rowOf("spring"));
    expect(row.getByText("example.com/spring")).toBeInTheDocument();
    expect(row.getByText(title)).toBeInTheDocument();
    expect(row.getByText("Expired")).toBeInTheDocument();
    expect(row.getByText("1,204")).toBeInTheDocument();
  });

  test("shows an international host in both of its spellings", async () => {
    const original_url = "https://xn--bcher-kva.example/a";
    const books = makeLink({ code: "books", original_url, unicode_host: "bücher.example" });
    server.use(signedIn, listHas(books, makeLink()));
    renderApp("/links");

    const row = within(await rowOf("books"));
    expect(row.getByText("xn--bcher-kva.example/a")).toBeInTheDocument();
    expect(row.getByText("bücher.example")).toBeInTheDocument();
    expect(screen.getAllByText(/reads/)).toHaveLength(1);
  });

  test("copies the short link", async () => {
    server.use(signedIn, listHas(makeLink()));
    const { user } = renderApp("/links");

    await user.click(await screen.findByRole("button", { name: "Copy go.example.com/spring" }));

    expect(await navigator.clipboard.readText()).toBe("https://go.example.com/spring");
    expect(await screen.findByText("Copied")).toBeInTheDocument();
  });

  test("shows where rows will be while it loads", async () => {
    server.use(
      signedIn,
      http.get("*/api/v1/links", async () => {
        await delay(50);
        return HttpResponse.json({ data: [makeLink()], next_cursor: null });
      }),
    );
    renderApp("/links");

    expect(await screen.findByRole("status", { name: "Loading links" })).toBeInTheDocument();
    expect(await rowOf("spring")).toBeInTheDocument();
    expect(screen.queryByRole("status", { name: "Loading links" })).not.toBeInTheDocument();
  });

  test("leads to the first link when there is none", async () => {
    server.use(signedIn, listHas());
    const { user } = renderApp("/links");

    await user.click(await screen.findByRole("button", { name: "Create a link" }));

    expect(await screen.findByRole("dialog", { name: "New link" })).toBeInTheDocument();
  });

  test("says what failed and tries again", async () => {
    server.use(
      signedIn,
      listAnswers(() => problem(503, "unavailable", { detail: "The database is away." })),
    );
    const { user } = renderApp("/links");
    expect(await screen.findByText("The database is away.")).toBeVisible();
    expect(screen.getByText("Request req_1")).toBeVisible();

    server.use(listHas(makeLink()));
    await user.click(screen.getByRole("button", { name: "Try again" }));

    expect(await rowOf("spring")).toBeInTheDocument();
  });

  test("loads more by cursor", async () => {
    server.use(
      signedIn,
      listAnswers((search) =>
        search.get("cursor") === "page2"
          ? { data: [makeLink({ code: "second" })], next_cursor: null }
          : { data: [makeLink({ code: "first" })], next_cursor: "page2" },
      ),
    );
    const { user } = renderApp("/links");

    await user.click(await screen.findByRole("button", { name: "Load more" }));

    expect(await rowOf("second")).toBeInTheDocument();
    expect(await rowOf("first")).toBeInTheDocument();
    expect(screen.queryByRole("button", { name: "Load more" })).not.toBeInTheDocument();
  });

  test("moves the count while somebody clicks, without a reload", async () => {
    let clicks = 3;
    server.use(
      signedIn,
      listAnswers(() => ({ data: [makeLink({ clicks })], next_cursor: null })),
    );
    renderApp("/links");
    expect(within(await rowOf("spring")).getByText("3")).toBeInTheDocument();

    clicks = 4;

    await waitFor(
      async () => expect(within(await rowOf("spring")).getByText("4")).toBeInTheDocument(),
      { timeout: 4_000 },
    );
  });
});

describe("search and filter", () => {
  const all = [makeLink({ code: "spring" }), makeLink({ code: "autumn", status: "disabled" })];
  const searchable = listAnswers((search) => ({
    data: all
      .filter(({ code }) => code.includes(search.get("q") ?? ""))
      .filter(({ status }) => status === (search.get("status") ?? status)),
    next_cursor: null,
  }));

  test("keep what was searched in the address", async () => {
    server.use(signedIn, searchable);
    const { user, address } = renderApp("/links");
    await links();

    await user.keyboard("/");
    expect(screen.getByRole("searchbox")).toHaveFocus();
    await user.keyboard("aut");

    await waitFor(() => expect(address()).toBe("/console/links?q=aut"));
    await waitFor(() => expect(screen.queryByText("example.com/spring")).not.toBeInTheDocument());
    expect(await rowOf("autumn")).toBeInTheDocument();
  });

  test("read the address", async () => {
    server.use(signedIn, searchable);
    renderApp("/links?status=disabled&q=42");

    expect(await screen.findByText("No link matches")).toBeVisible();
    expect(screen.getByRole("searchbox")).toHaveValue("42");
    const current = screen.getAllByRole("link", { current: "page" });
    expect(current.map((link) => link.textContent)).toContain("Disabled");
    expect(current.map((link) => link.textContent)).not.toContain("All");
  });

  test("can be undone when nothing matches", async () => {
    server.use(signedIn, searchable);
    const { user, address } = renderApp("/links?q=winter");

    await user.click(await screen.findByRole("link", { name: "Show all links" }));

    expect(await rowOf("spring")).toBeInTheDocument();
    expect(screen.getByRole("searchbox")).toHaveValue("");
    expect(address()).toBe("/console/links");
  });

  test("filter by status", async () => {
    server.use(signedIn, searchable);
    const { user, address } = renderApp("/links");

    await user.click(await screen.findByRole("link", { name: "Disabled" }));

    await waitFor(() => expect(screen.queryByText("example.com/spring")).not.toBeInTheDocument());
    expect(address()).toBe("/console/links?status=disabled");
  });
});
