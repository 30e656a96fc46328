/** What the build puts in place of these. */
declare module "text:maths.css" {
  const text: string;
  export default text;
}
declare module "text:mermaid" {
  const text: string;
  export default text;
}
