/** Reads files for a prompt, and refuses with a sentence those that can't go with it. */
import type { Draft } from "../drafting";
import { bytes } from "../format";
import type { Attachment } from "../wire";
import { IMAGES, tooMuch } from "./files";

/** Bytes of one. */
const MOST = 5 * 2 ** 20;

/** Puts the files into the draft, as far as they can be sent, and returns why the others can't. */
export async function readInto(draft: Draft, files: File[], accepts: string[]): Promise<string[]> {
  const refused: string[] = [];
  for (const file of files) {
    const read = await readFile(file, accepts);
    const added = typeof read === "string" ? [] : [...draft.attachments, read];
    const why = typeof read === "string" ? read : tooMuch(added) && `${read.name} is too much. ${tooMuch(added)}`;
    if (why) refused.push(why);
    else draft.write({ text: draft.text, attachments: added });
  }
  return refused;
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
