//! The command line as typed: every command and option, with its English help.
//!
//! Owns the grammar. The Vietnamese help is laid over it by [`super::help`]; what a command does is `commands`'.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::apikey::ApiKeyCommand;
use super::batch::{BatchCommand, WorkerArgs};
use super::config::ConfigCommand;
use super::outbox::{MailCommand, OutboxCommand};
use super::register::RegisterCommand;
use super::schedule::ScheduleCommand;
use super::service::{BackupArgs, DoctorArgs, RestoreArgs, ServeArgs};
use super::suppression::SuppressionCommand;
use super::verification::{DocumentCommand, KeyCommand, VerifyArgs};

/// Official Vietnamese documents from a spreadsheet and a template.
#[derive(Debug, Parser)]
#[command(name = "vanthu", version, propagate_version = true, disable_help_subcommand = true, arg_required_else_help = true)]
pub struct Cli {
    /// Language of messages: vi or en (default: the locale, else Vietnamese).
    #[arg(long, global = true, value_name = "vi|en", value_parser = ["vi", "en"], hide_possible_values = true)]
    pub lang: Option<String>,
    /// Print one JSON document for programs instead of text.
    #[arg(long, global = true)]
    pub json: bool,
    /// Folder of the workspace (default: the nearest one upwards with a vanthu.toml).
    #[arg(short = 'C', long, global = true, value_name = "FOLDER")]
    pub workspace: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make the documents of a batch.
    Run(RunArgs),
    /// Check the data of a batch; nothing is rendered or written.
    Check(BatchArgs),
    /// Render a template's sample as PDF and PNG.
    Preview(PreviewArgs),
    /// Templates: list, show, start a new one, make a workbook to fill.
    #[command(subcommand)]
    Template(TemplateCommand),
    /// Make a workspace: vanthu.toml, folders for templates, fonts and data.
    Init(InitArgs),
    /// List the fonts and prove their Vietnamese letters.
    Fonts,
    /// Check finished PDFs against Decree 30/2020, also those of Word or LibreOffice.
    Lint(LintArgs),
    /// Messages: list, show, send, decide.
    #[command(subcommand)]
    Outbox(OutboxCommand),
    /// Mail relays: test.
    #[command(subcommand)]
    Mail(MailCommand),
    /// Addresses to which nothing is sent: list, add, remove.
    #[command(subcommand)]
    Suppression(SuppressionCommand),
    /// Batches: list, watch, hold, give up, try again, make again.
    #[command(subcommand)]
    Batch(BatchCommand),
    /// Registers: list, show, reserve, strike out, enter late, print.
    #[command(subcommand)]
    Register(RegisterCommand),
    /// Work on submitted batches; several workers share one PostgreSQL.
    Worker(WorkerArgs),
    /// Do the year of an association, on sample data, and say where it is.
    Demo(DemoArgs),
    /// What goes out by itself: list, show, next slots, run now, pause, resume.
    #[command(subcommand)]
    Schedule(ScheduleCommand),
    /// Work as a service: schedules, health and metrics, until told to stop.
    Serve(ServeArgs),
    /// The configuration: what holds and where it comes from.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Look the office over: fonts, a page, database, storage, clock, disk, relays, the sending domain.
    Doctor(DoctorArgs),
    /// Copy the whole office into one file while work goes on.
    Backup(BackupArgs),
    /// Make an office from a copy; it starts with sending and schedules paused.
    Restore(RestoreArgs),
    /// Let a restored office send and fire again.
    Resume,
    /// Is a certificate genuine? Looks at its PDF, its QR code's text or its code.
    Verify(VerifyArgs),
    /// The key that signs certificates: make, show, publish.
    #[command(subcommand)]
    Key(KeyCommand),
    /// Issued documents: revoke, replace.
    #[command(subcommand)]
    Document(DocumentCommand),
    /// Keys for programs: make, list, revoke.
    #[command(subcommand, name = "apikey")]
    ApiKey(ApiKeyCommand),
}

/// `run`
#[derive(Debug, Args)]
pub struct RunArgs {
    /// The batch.
    #[command(flatten)]
    pub batch: BatchArgs,
    /// Only check and accept; workers make the documents.
    #[arg(long)]
    pub submit: bool,
    /// A name for this request: the same key and the same request are the same batch.
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
}

/// A batch: a file, or the same as options.
#[derive(Debug, Args)]
pub struct BatchArgs {
    /// Batch file (TOML).
    #[arg(value_name = "BATCH.toml", conflicts_with_all = ["template", "data"])]
    pub batch: Option<PathBuf>,
    /// Template.
    #[arg(short, long, required_unless_present = "batch")]
    pub template: Option<String>,
    /// Data file: XLSX, XLS, ODS, CSV, JSON or JSON Lines.
    #[arg(short, long, value_name = "FILE", required_unless_present = "batch")]
    pub data: Option<PathBuf>,
    /// Sheet of a workbook (default: the first with data).
    #[arg(long, value_name = "NAME")]
    pub sheet: Option<String>,
    /// Organisation of the workspace.
    #[arg(short = 'O', long, value_name = "NAME")]
    pub organisation: Option<String>,
    /// Folder for the documents.
    #[arg(short, long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
    /// File-name pattern, such as "{{so}}-{{ho_ten}}".
    #[arg(long, value_name = "PATTERN")]
    pub name: Option<String>,
    /// Column of the file for a field: FIELD=HEADING.
    #[arg(long, value_name = "FIELD=HEADING", value_parser = key_value)]
    pub column: Vec<(String, String)>,
    /// A value for all records: FIELD=VALUE.
    #[arg(long, value_name = "FIELD=VALUE", value_parser = key_value)]
    pub set: Vec<(String, String)>,
    /// An option of the template: NAME=VALUE.
    #[arg(long, value_name = "NAME=VALUE", value_parser = key_value)]
    pub option: Vec<(String, String)>,
    /// Order of the list: danh-sach (as in the file) or ten (by names).
    #[arg(long, value_name = "ORDER")]
    pub order: Option<String>,
    /// Also one PDF of all pages, for the printer.
    #[arg(long)]
    pub merge: bool,
    /// Also a ZIP of all documents.
    #[arg(long)]
    pub zip: bool,
    /// Pre-printed stock of the workspace.
    #[arg(long, value_name = "NAME")]
    pub stock: Option<String>,
    /// Printer of the workspace, whose offset is corrected.
    #[arg(long, value_name = "NAME", requires = "overprint")]
    pub printer: Option<String>,
    /// Only what the stock does not carry, for the printer (without it: the whole picture).
    #[arg(long)]
    pub overprint: bool,
    /// PDF standard: a-2b, a-2u, a-2a, a-3b, a-1b, a-4, ua-1 or 1.7.
    #[arg(long, value_name = "STANDARD")]
    pub standard: Option<String>,
    /// Go on with the valid rows; the others are written to a workbook to correct.
    #[arg(long)]
    pub only_valid: bool,
    /// Send each document to the address in its row.
    #[arg(long)]
    pub mail: bool,
    /// Relay of the workspace.
    #[arg(long, value_name = "NAME", requires = "mail")]
    pub relay: Option<String>,
    /// Several documents of one recipient go in one message.
    #[arg(long, requires = "mail")]
    pub together: bool,
    /// Messages wait until they are released.
    #[arg(long, requires = "mail")]
    pub hold: bool,
    /// Make and send nothing: check the data and show the first message.
    #[arg(long)]
    pub dry_run: bool,
    /// Register of the workspace that gives the numbers (default: the template's own; "" for none).
    #[arg(long, value_name = "NAME")]
    pub register: Option<String>,
}

/// `preview`
#[derive(Debug, Args)]
pub struct PreviewArgs {
    /// Template.
    pub template: String,
    /// Folder for PDF and PNG.
    #[arg(short, long, value_name = "FOLDER", default_value = "xem-truoc")]
    pub out: PathBuf,
    /// Organisation of the workspace.
    #[arg(short = 'O', long, value_name = "NAME")]
    pub organisation: Option<String>,
    /// An option of the template: NAME=VALUE.
    #[arg(long, value_name = "NAME=VALUE", value_parser = key_value)]
    pub option: Vec<(String, String)>,
    /// PDF standard.
    #[arg(long, value_name = "STANDARD")]
    pub standard: Option<String>,
    /// Pre-printed stock of the workspace.
    #[arg(long, value_name = "NAME")]
    pub stock: Option<String>,
    /// Printer of the workspace, whose offset is corrected.
    #[arg(long, value_name = "NAME", requires = "overprint")]
    pub printer: Option<String>,
    /// Only what the stock does not carry, for the printer.
    #[arg(long)]
    pub overprint: bool,
    /// Resolution of the pictures in pixels per inch (36 to 600).
    #[arg(long, value_name = "PPI", default_value_t = 110, value_parser = clap::value_parser!(u32).range(36..=600))]
    pub ppi: u32,
    /// Render again whenever a file of the template changes.
    #[arg(long)]
    pub watch: bool,
}

/// `template …`
#[derive(Debug, Subcommand)]
pub enum TemplateCommand {
    /// List the templates.
    List,
    /// Show a template: its fields, options and wording.
    Show {
        /// Template.
        template: String,
    },
    /// Start a template of your own as a copy of another.
    New {
        /// Name of the new template; the same as --from to change a built-in one.
        name: String,
        /// Template to copy.
        #[arg(long, value_name = "TEMPLATE", default_value = "giay-khen")]
        from: String,
    },
    /// Write the workbook that a clerk fills.
    Sheet {
        /// Template.
        template: String,
        /// The workbook (default: TEMPLATE.xlsx).
        #[arg(short, long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

/// `init`
#[derive(Debug, Args)]
pub struct InitArgs {
    /// The folder.
    #[arg(default_value = ".")]
    pub folder: PathBuf,
}

/// `lint`
#[derive(Debug, Args)]
pub struct LintArgs {
    /// The PDF files.
    #[arg(required = true, value_name = "FILE.pdf")]
    pub files: Vec<PathBuf>,
    /// What the files are, when looking does not tell: administrative, party, register, certificate or sheet.
    #[arg(long, value_name = "KIND")]
    pub kind: Option<String>,
    /// A degree or rank may stand before the signatory's name.
    #[arg(long)]
    pub academic_title: bool,
    /// Folder for pictures of the pages with the findings drawn on them.
    #[arg(long, value_name = "FOLDER")]
    pub pictures: Option<PathBuf>,
}

/// `demo`
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Folder for the demonstration.
    #[arg(short, long, value_name = "FOLDER", default_value = "vanthu-demo")]
    pub out: PathBuf,
}

fn key_value(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned()))
        .filter(|(key, _)| !key.is_empty())
        .ok_or_else(|| "KEY=VALUE expected".to_owned())
}
