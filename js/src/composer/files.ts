/** Files that a user wants to send along. What reads them comes with a part. */
import type { Chat } from "../chat";
import { sizeOf } from "../drafts";
import { bytes } from "../format";
import { sorry } from "../outbox";
import { withPart } from "../parts";
import type { Attachment } from "../wire";

export const IMAGES = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/** Bytes of all of a prompt: a Jupyter server takes no message of more than 10 MB. */
const MOST_TOGETHER = 6 * 2 ** 20;

export function total(attachments: Attachment[]): number {
  return attachments.reduce((sum, each) => sum + sizeOf(each), 0);
}

/** Why these can't go together, "" if they can. */
export function tooMuch(attachments: Attachment[]): string {
  const sum = total(attachments);
  if (sum <= MOST_TOGETHER) return "";
  return `The attachments are ${bytes(sum)} together, and 6 MB can be sent: remove one, or name its path in the message.`;
}

/** Puts files into the draft, as far as they can be sent, and says why the others can't. */
export async function attach(chat: Chat, files: File[]): Promise<void> {
  const { draft } = chat.drafting;
  chat.reading += 1;
  chat.drafted();
  const refused = await new Promise<string[]>((give) => {
    const failed = () => give([`${sorry("Nothing was attached", { state: "undelivered" })} You can send without it.`]);
    withPart("panels", ({ readInto }) => give(readInto(draft, files, chat.get("accepts"))), failed);
  });
  chat.reading -= 1;
  chat.say(refused.length > 0 ? { level: "error", text: refused.join("\n") } : null);
  chat.drafted();
}

export function detach(chat: Chat, attachment: Attachment): void {
  const { draft } = chat.drafting;
  draft.write({ text: draft.text, attachments: draft.attachments.filter((each) => each !== attachment) });
  chat.drafted();
}

/** The files in what was pasted; none if it is text, as cells of a table are, which come as a picture too. */
export function pasted(data: DataTransfer | null): File[] {
  const files = [...(data?.files ?? [])];
  const text = data?.getData("text/plain").trim() ?? "";
  // Some systems give the names of files as text.
  return text === "" || text === files.map(({ name }) => name).join("\n") ? files : [];
}
