/** Reports of runs: `import { writeReport } from 'trainscope/report'`. */
export { readReport, type ReadReportOptions } from './read-report.js';
export { writeReport } from './write-report.js';
export { reportHtml, type HtmlOptions, type LivePage } from './html.js';
export type { ReportModel, RunModel } from './model.js';
export { watchLogs, type LogWatch, type WatchLogsOptions } from './live/watch-logs.js';
export { serveLive, defaultPort, type LiveControl, type LiveServer, type LiveServerOptions } from './live/server.js';
export { actionSchema, type ControlState, type LiveAction } from './live/actions.js';
export { LivePageThread, type TakeAction } from './live/live-page.js';
export type { PageStart } from './live/messages.js';
export { newToken, shortestToken } from './live/token-gate.js';
export { openBrowser } from './live/open-browser.js';
