/** Reports of runs: `import { writeReport } from 'trainscope/report'`. */
export { readReport, type ReadReportOptions } from './read-report.js';
export { writeReport } from './write-report.js';
export { reportHtml, type HtmlOptions, type LivePage } from './html.js';
export type { ReportModel, RunModel } from './model.js';
export { watchLogs, type LogWatch, type WatchLogsOptions } from './live/watch-logs.js';
export type { ControlState, LiveAction } from './live/actions.js';
export type { LivePageThread, TakeAction } from './live/live-page.js';
export type { PageStart } from './live/messages.js';
export { takePage, type TakenPage } from './live/shared-pages.js';
export { defaultPort, newToken, tokenSchema } from './live/address.js';
export { openBrowser } from './live/open-browser.js';
