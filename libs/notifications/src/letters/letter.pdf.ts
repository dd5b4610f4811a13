import { createRequire } from 'node:module';

/** What stands in a letter. */
export interface LetterContent {
  readonly clinic: string;
  readonly clinicPhone: string;
  readonly recipient: string;
  readonly post: string | null;
  /** The day, as people write it. */
  readonly day: string;
  /** Who it is about: name and date of birth, so that the referrer finds the record. */
  readonly about: string;
  /** The number of the request, where it has one. */
  readonly reference: string | null;
  readonly text: string;
}

const require = createRequire(import.meta.url);
/** A4, in points; margins of an inch. */
const PAGE = { size: 'A4', margin: 72 } as const;

/** The letter as a PDF whose text can be searched and read aloud. Its font writes Latin, Greek and Cyrillic, so that no name is lost. */
export async function letterPdf(content: LetterContent): Promise<Buffer> {
  // Loaded when the first letter is written: a resting process need not hold it.
  const { default: PDFDocument } = await import('pdfkit');
  const document = new PDFDocument({ ...PAGE, lang: 'en', info: { Title: `Letter of ${content.clinic}`, Author: content.clinic } });
  const chunks: Buffer[] = [];
  document.on('data', (chunk: Buffer) => chunks.push(chunk));
  const done = new Promise<void>((ended) => document.once('end', ended));
  document.registerFont('plain', require.resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf'));
  document.registerFont('bold', require.resolve('dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf'));
  document.font('bold').fontSize(14).text(content.clinic);
  document.font('plain').fontSize(10).text(content.clinicPhone).moveDown(2);
  document.text(content.recipient);
  if (content.post) document.text(content.post);
  document.moveDown(2).text(content.day).moveDown(2);
  document.font('bold').text(`About: ${content.about}`);
  if (content.reference) document.text(`Reference: ${content.reference}`);
  document.font('plain').moveDown().text(content.text, { lineGap: 3 }).moveDown(2).text(content.clinic);
  document.end();
  await done;
  return Buffer.concat(chunks);
}
