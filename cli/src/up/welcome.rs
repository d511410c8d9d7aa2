//! What is printed when everything runs.

use super::account::Account;
use super::folder::StateFolder;
use super::plan::Plan;
use crate::output::{Output, Style};

/// What to put into the example where the key is not known.
const KEY_PLACEHOLDER: &str = "$LINKPULSE_API_KEY";

/// Where everything is and what to try.
pub(crate) fn print(
    plan: &Plan,
    account: &Account,
    first_link: Option<&str>,
    folder: &StateFolder,
    output: Output,
) {
    let console = plan.public("console/");
    output.line("");
    output.line(output.paint(Style::Bold, "LinkPulse is running."));
    output.line("");
    row(output, "Console", output.paint(Style::Bold, console));
    if let Some(link) = first_link {
        row(output, "First link", output.paint(Style::Bold, link));
    }
    row(output, "Logs", folder.logs().display());
    print_account(account, output);

    let api_key = match account {
        Account::New { api_key, .. } => api_key,
        Account::Existing { .. } => KEY_PLACEHOLDER,
    };
    output.line("");
    output.line("  Make a link from the command line:");
    output.line("");
    output.line(format_args!("    curl {} \\", plan.public("api/v1/links")));
    output.line(format_args!(
        "      -H \"Authorization: Bearer {api_key}\" \\"
    ));
    output.line("      -H 'Content-Type: application/json' \\");
    output.line("      -d '{\"original_url\": \"https://www.rust-lang.org/\"}'");
    if !account.is_new() {
        output.line("");
        let program = std::env::args().next().unwrap_or_default();
        output.line(format_args!(
            "  A new API key: {program} key create --name NAME{}",
            folder.argument()
        ));
    }
    output.line("");
    output.line("Ctrl-C stops everything; the data stays.");
}

/// Who may sign in, with the secrets if they are new.
pub(crate) fn print_account(account: &Account, output: Output) {
    match account {
        Account::Existing { email } => row(output, "Sign in as", email),
        Account::New {
            email,
            password,
            api_key,
        } => {
            row(output, "Sign in as", email);
            row(output, "Password", output.paint(Style::Bold, password));
            row(output, "API key", output.paint(Style::Bold, api_key));
            output.line("              Password and key are shown once: note them now.");
        }
    }
}

fn row(output: Output, name: &str, value: impl std::fmt::Display) {
    // Before the colours, whose codes would count as width.
    let name = output.paint(Style::Dim, format_args!("{name:<10}"));
    output.line(format_args!("  {name}  {value}"));
}
