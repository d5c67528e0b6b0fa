import MarkdownIt from 'markdown-it';

const markdown = new MarkdownIt({ html: true });

/** Headings can be linked to, by the names that GitHub gives them. */
markdown.renderer.rules['heading_open'] = (tokens, index, options, _environment, renderer) => {
  tokens[index]?.attrSet('id', slugOf(tokens[index + 1]?.content ?? ''));
  return renderer.renderToken(tokens, index, options);
};

/** They are on other sites, and say nothing of this clone. */
const BADGES = /^.*!\[.*(?:badge\.svg|shields\.io).*\n/gm;

/** A wide table scrolls, by keyboard too. */
markdown.renderer.rules['table_open'] = () => '<table tabindex="0">';

/** A file of the documentation as a page. */
export function pageOf(text: string): string {
  const title = /^# (.+)$/m.exec(text)?.[1] ?? 'Documentation';
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>${markdown.utils.escapeHtml(title)} · nestjs-range</title>
    <link rel="icon" href="data:," />
    <link rel="stylesheet" href="/styles/theme.css" />
    <link rel="stylesheet" href="/styles/book.css" />
  </head>
  <body>
    <nav aria-label="Site">
      <a href="/">Sample app</a> <a href="/repository/docs/README.md">Documentation</a> <a href="/api">API</a>
    </nav>
    <main>${markdown.render(text.replaceAll(BADGES, ''))}</main>
  </body>
</html>
`;
}

function slugOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(/\s/g, '-');
}
