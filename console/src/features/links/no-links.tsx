import { Link } from "@tanstack/react-router";
import { Button } from "@/components/button";
import { buttonStyle } from "@/components/button-style";
import { Notice } from "@/components/notice";

export function NoLinks({ filtered, onCreate }: { filtered: boolean; onCreate: () => void }) {
  if (filtered) {
    return (
      <Notice
        title="No link matches"
        action={
          <Link to="/links" search={{}} className={buttonStyle("secondary")}>
            Show all links
          </Link>
        }
      >
        Try another word, or another status.
      </Notice>
    );
  }
  return (
    <Notice
      title="Make your first link"
      action={
        <Button look="primary" onClick={onCreate}>
          Create a link
        </Button>
      }
    >
      Paste a long address, get a short one, and watch the clicks come in on this page.
    </Notice>
  );
}
