import { screen, waitFor, within } from "@testing-library/react";
import { delay, http } from "msw";
import { describe, expect, test } from "vitest";
import type { CreateLink, ShortLink } from "@/api/types";
import { createAnswers, listAnswers, makeLink, problem, signedIn } from "@/test/handlers";
import { renderApp } from "@/test/render";
import { server } from "@/test/server";

/** A list that knows what was created, and what the API was sent. */
function creatable(...links: ShortLink[]) {
  const sent: CreateLink[] = [];
  server.use(
    signedIn,
    listAnswers(() => ({ data: links, next_cursor: null })),
    createAnswers((wish) => {
      sent.push(wish);
      const link = makeLink({ code: wish.code ?? "r4nd0m12", original_url: wish.original_url });
      links.unshift(link);
      return link;
    }),
  );
  return sent;
}

async function openDialog() {
  const { user } = renderApp("/links");
  await screen.findByRole("row", { name: /spring/ });
  await user.keyboard("c");
  const dialog = within(await screen.findByRole("dialog", { name: "New link" }));
  return { user, dialog };
}

describe("creating a link", () => {
  test("shows it in the list at once and offers to copy it", async () => {
    const sent = creatable(makeLink());
    const { user, dialog } = await openDialog();
    // From here on only the answer to the creation can bring the row.
    server.use(http.get("*/api/v1/links", () => delay("infinite")));

    await user.type(dialog.getByLabelText("Target"), "example.org/long/path");
    await user.type(dialog.getByLabelText("Code"), "launch{Enter}");

    expect(await screen.findByRole("row", { name: /launch/ })).toBeInTheDocument();
    await waitFor(() => expect(screen.queryByRole("dialog")).not.toBeInTheDocument());
    expect(sent).toEqual([{ original_url: "https://example.org/long/path", code: "launch" }]);

    await user.click(await screen.findByRole("button", { name: "Copy" }));
    expect(await navigator.clipboard.readText()).toBe("https://go.example.com/launch");
  });

  test("sends nothing for what was left empty", async () => {
    const sent = creatable(makeLink());
    const { user, dialog } = await openDialog();

    await user.type(dialog.getByLabelText("Target"), "https://example.org{Enter}");

    expect(await screen.findByRole("row", { name: /r4nd0m12/ })).toBeInTheDocument();
    expect(sent).toEqual([{ original_url: "https://example.org" }]);
  });

  test("checks while one types", async () => {
    const sent = creatable(makeLink());
    const { user, dialog } = await openDialog();

    await user.type(dialog.getByLabelText("Code"), "no spaces");
    expect(await dialog.findByText(/letters, digits/i)).toBeVisible();
    expect(dialog.getByLabelText("Code")).toBeInvalid();

    await user.type(dialog.getByLabelText("Target"), "javascript:alert(1)");
    expect(dialog.queryByText(/enter a web address/i)).not.toBeInTheDocument();
    await user.tab();
    expect(await dialog.findByText(/enter a web address/i)).toBeVisible();

    await user.click(dialog.getByRole("button", { name: "Create link" }));
    expect(sent).toEqual([]);
  });

  test("shows what the API objects to beside the fields", async () => {
    creatable(makeLink());
    server.use(
      createAnswers(() =>
        problem(422, "validation_failed", {
          errors: [
            { field: "code", code: "reserved", message: "this code is reserved" },
            { field: "original_url", code: "own_domain", message: "this would be a loop" },
          ],
        }),
      ),
    );
    const { user, dialog } = await openDialog();

    await user.type(dialog.getByLabelText("Target"), "https://example.org");
    await user.type(dialog.getByLabelText("Code"), "login{Enter}");

    await waitFor(() =>
      expect(dialog.getByLabelText("Code")).toHaveAccessibleDescription("This code is reserved."),
    );
    expect(dialog.getByLabelText("Target")).toHaveAccessibleDescription("This would be a loop.");
  });

  test("offers a free code when the wanted one is taken", async () => {
    const sent = creatable(makeLink());
    const { user, dialog } = await openDialog();
    server.use(
      createAnswers((wish) => {
        if (wish.code === "spring") {
          return problem(409, "code_taken", { detail: "taken", suggestion: "spring-2" });
        }
        sent.push(wish);
        return makeLink({ code: wish.code ?? "" });
      }),
    );

    await user.type(dialog.getByLabelText("Target"), "https://example.org");
    await user.type(dialog.getByLabelText("Code"), "spring{Enter}");
    await user.click(await dialog.findByRole("button", { name: "Use spring-2" }));
    expect(dialog.getByLabelText("Code")).toHaveValue("spring-2");
    await user.click(dialog.getByRole("button", { name: "Create link" }));

    await waitFor(() => expect(sent.map(({ code }) => code)).toEqual(["spring-2"]));
  });

  test("keeps what was typed when the server fails", async () => {
    creatable(makeLink());
    server.use(createAnswers(() => problem(503, "unavailable", { detail: "try again soon" })));
    const { user, dialog } = await openDialog();

    await user.type(dialog.getByLabelText("Target"), "https://example.org{Enter}");

    expect(await dialog.findByText("Try again soon.")).toBeVisible();
    expect(dialog.getByLabelText("Target")).toHaveValue("https://example.org");
  });
});
