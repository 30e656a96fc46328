/** Files that a user wants to send along: read, and refused with a sentence where they can't be. */
import type { Chat } from "../chat";
import { sizeOf } from "../drafts";
import { bytes } from "../format";
import type { Attachment } from "../wire";

export const IMAGES = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/** Bytes of one, and of all of a prompt: a Jupyter server takes no message of more than 10 MB. */
const MB = 2 ** 20;
const MOST = 5 * MB;
const MOST_TOGETHER = 6 * MB;

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
  const refused: string[] = [];
  chat.reading += 1;
  chat.drafted();
  for (const file of files) {
    const read = await readFile(file, chat.get("accepts"));
    const added = typeof read === "string" ? [] : [...draft.attachments, read];
    const why = typeof read === "string" ? read : tooMuch(added) && `${read.name} is too much. ${tooMuch(added)}`;
    if (why) refused.push(why);
    else draft.write({ text: draft.text, attachments: added });
  }
  chat.reading -= 1;
  chat.say(refused.length > 0 ? { level: "error", text: refused.join("\n") } : null);
  chat.drafted();
}

export function detach(chat: Chat, attachment: Attachment): void {
  const { draft } = chat.drafting;
  draft.write({ text: draft.text, attachments: draft.attachments.filter((each) => each !== attachment) });
  chat.drafted();
}

/** The attachment, or a sentence about why it can't be one. */
async function readFile(file: File, accepts: string[]): Promise<Attachment | string> {
  const { name, size, type } = file;
  const image = type.startsWith("image/") && type !== "image/svg+xml";
  if (!accepts.includes(image ? "image" : "file")) {
    return `${name}: this goose takes no ${image ? "images" : "files"}. Name its path in the message instead.`;
  }
  if (image && !IMAGES.includes(type))
    return `${name}: only PNG, JPEG, GIF and WebP images can be sent. Convert it first.`;
  if (size > MOST) return `${name} is ${bytes(size)}, and 5 MB can be sent. Name its path in the message instead.`;
  if (size === 0) return `${name} is empty.`;
  try {
    if (!image && !isText(await file.arrayBuffer())) {
      return `${name} is neither an image nor text in UTF-8. Name its path in the message instead.`;
    }
    return { name, mime: type || "text/plain", data: await base64(file) };
  } catch {
    return `${name} could not be read. If it is a folder, name its path in the message instead.`;
  }
}

function isText(content: ArrayBuffer): boolean {
  try {
    return !new TextDecoder("utf-8", { fatal: true }).decode(content).includes("\0");
  } catch {
    return false;
  }
}

function base64(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).replace(/^[^,]*,/, ""));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}

/** The files in what was pasted; none if it is text, as cells of a table are, which come as a picture too. */
export function pasted(data: DataTransfer | null): File[] {
  const files = [...(data?.files ?? [])];
  const text = data?.getData("text/plain").trim() ?? "";
  // Some systems give the names of files as text.
  return text === "" || text === files.map(({ name }) => name).join("\n") ? files : [];
}
