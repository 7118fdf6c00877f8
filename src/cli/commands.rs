//! What each command does: one use-case, then the showing.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::{Value, json};

use super::args::{BatchArgs, Command, DemoArgs, InitArgs, LintArgs, PreviewArgs, RunArgs, TemplateCommand};
use super::progress::Meter;
use super::show::Show;
use super::stop_signal;
use super::watch::Snapshot;
use super::{batch, register};
use super::{schedule, service, verification};
use crate::app::make::{Submission, Watcher};
use crate::app::{App, AppError, views};
use crate::batch::request::default_output;
use crate::batch::{Order, Request};
use crate::diagnostic::{Diagnostic, nearest};
use crate::language::Language;
use crate::lint::Kind;
use crate::say;
use crate::template::contract::{self, Scope, Shape};
use crate::template::functions;
use crate::typeset::Standard;

const INPUT_WRONG: u8 = 1;

pub(super) async fn carry_out(command: Command, app: &App, show: Show) -> Result<ExitCode, AppError> {
    match command {
        Command::Run(args) => run(args, app, show).await,
        Command::Check(args) => check(args, app, show).await,
        Command::Preview(args) => preview(args, app, show).await,
        Command::Template(command) => template(command, app, show),
        Command::Init(args) => init(&args, show),
        Command::Fonts => fonts(app, show),
        Command::Lint(args) => lint(&args, show),
        Command::Outbox(command) => super::outbox::outbox(command, app, show).await,
        Command::Mail(command) => super::outbox::mail(command, app, show).await,
        Command::Suppression(command) => super::suppression::carry_out(command, app, show).await,
        Command::Batch(command) => batch::carry_out(command, app, show).await,
        Command::Register(command) => register::carry_out(command, app, show).await,
        Command::Worker(args) => batch::worker(&args, app, show).await,
        Command::Demo(args) => demo(&args, app, show).await,
        Command::Schedule(command) => schedule::carry_out(command, app, show).await,
        Command::Serve(args) => service::serve(&args, app, show).await,
        Command::Config(command) => super::config::carry_out(command, app, show),
        Command::Doctor(args) => service::doctor(&args, app, show).await,
        Command::Backup(args) => service::backup(&args, app, show).await,
        Command::Restore(args) => service::restore(&args, show).await,
        Command::Resume => service::resume(app, show).await,
        Command::Verify(args) => verification::verify(&args, app, show).await,
        Command::Key(command) => verification::key(command, app, show).await,
        Command::Document(command) => verification::document(command, app, show).await,
        Command::ApiKey(command) => super::apikey::carry_out(command, app, show).await,
    }
}

async fn run(args: RunArgs, app: &App, show: Show) -> Result<ExitCode, AppError> {
    let RunArgs { batch, submit, key } = args;
    let dry_run = batch.dry_run;
    let request = request(batch)?;
    if dry_run {
        let (planned, count, first) = app.rehearse(&request).await?;
        show.checked(&planned);
        if !show.json && request.mail.is_some() {
            super::outbox::rehearsed(count, first.as_ref(), show);
        }
        return Ok(if fits(&planned) { ExitCode::SUCCESS } else { ExitCode::from(INPUT_WRONG) });
    }
    let meter = Meter::new(show.language, show.json);
    let on_plan = |planned: &crate::batch::Planned| {
        if !show.json {
            show.diagnostics(&planned.diagnostics);
        }
    };
    let submission = Submission { key: key.as_deref(), only: submit, ..Submission::default() };
    let ran = app.submit(&request, submission, Watcher { progress: &meter, on_plan: &on_plan, stop: &stop_signal() }).await;
    meter.finish();
    let ran = ran?;
    let ok = ran.is_complete();
    show.ran(&ran, ok);
    Ok(if ok { ExitCode::SUCCESS } else { ExitCode::from(INPUT_WRONG) })
}

async fn check(args: BatchArgs, app: &App, show: Show) -> Result<ExitCode, AppError> {
    let planned = app.check(&request(args)?).await?;
    show.checked(&planned);
    Ok(if fits(&planned) { ExitCode::SUCCESS } else { ExitCode::from(INPUT_WRONG) })
}

/// Could all of it be made?
fn fits(planned: &crate::batch::Planned) -> bool {
    planned.rejected == 0 && planned.accepted > 0 && !crate::diagnostic::any_error(&planned.diagnostics)
}

/// Options on the command line win over the batch file.
fn request(args: BatchArgs) -> Result<Request, AppError> {
    let mut request = match &args.batch {
        Some(path) => Request::read(path)?,
        None => Request { output: default_output(args.template.as_deref().unwrap_or_default()), ..Request::default() },
    };
    if let Some(template) = args.template {
        request.template = template;
    }
    if let Some(data) = args.data {
        request.data = data;
    }
    if let Some(out) = args.out {
        request.output = out;
    }
    if let Some(standard) = &args.standard {
        request.standard = Standard::parse(standard).map_err(|problem| vec![problem])?;
    }
    if let Some(order) = &args.order {
        request.order = Order::parse(order).map_err(|problem| vec![problem])?;
    }
    request.sheet = args.sheet.or(request.sheet);
    request.organisation = args.organisation.or(request.organisation);
    request.name = args.name.or(request.name);
    request.columns.extend(args.column);
    request.common.extend(args.set.into_iter().map(|(name, value)| (name, Value::String(value))));
    request.options.extend(args.option);
    request.stock = args.stock.or(request.stock);
    request.printer = args.printer.or(request.printer);
    request.overprint |= args.overprint;
    request.merge |= args.merge;
    request.zip |= args.zip;
    request.only_valid |= args.only_valid;
    if args.mail {
        let mail = request.mail.get_or_insert_default();
        mail.relay = args.relay.or(mail.relay.take());
        mail.together |= args.together;
        mail.hold |= args.hold;
    }
    request.register = args.register.or(request.register);
    Ok(request)
}

async fn preview(args: PreviewArgs, app: &App, show: Show) -> Result<ExitCode, AppError> {
    let standard = match &args.standard {
        Some(name) => Standard::parse(name).map_err(|problem| vec![problem])?,
        None => Standard::default(),
    };
    let request = Request {
        template: args.template.clone(),
        organisation: args.organisation.clone(),
        options: args.option.iter().cloned().collect(),
        stock: args.stock.clone(),
        printer: args.printer.clone(),
        overprint: args.overprint,
        standard,
        ..Request::default()
    };
    if !args.watch {
        preview_once(&args, &request, app, show).await?;
        return Ok(ExitCode::SUCCESS);
    }
    let Some(folder) = app.watched_folder(&args.template).filter(|folder| folder.is_dir()) else {
        preview_once(&args, &request, app, show).await?;
        show.progress(&say!(
            "Mẫu có sẵn không đổi khi đang chạy; chép ra bằng “vanthu template new {0} --from {0}” rồi sửa.",
            "A built-in template does not change; copy it with `vanthu template new {0} --from {0}` and edit the copy.",
            args.template
        ));
        return Ok(ExitCode::SUCCESS);
    };
    let shown = folder.display().to_string();
    loop {
        // Noted before rendering, so that a change made meanwhile is not missed.
        let seen = Snapshot::of(&folder);
        match preview_once(&args, &request, app, show).await {
            Err(error) if !error.is_input() => return Err(error),
            Err(error) => show.error(&error),
            Ok(()) => {}
        }
        show.progress(&say!("Đang theo dõi {shown}; Ctrl-C để dừng.", "Watching {shown}; Ctrl-C to stop."));
        let changed = seen.wait_for_change(&folder).await.join(", ");
        show.progress(&say!("Có thay đổi: {changed}. Đang dàn lại…", "Changed: {changed}. Rendering again…"));
    }
}

async fn preview_once(args: &PreviewArgs, request: &Request, app: &App, show: Show) -> Result<(), AppError> {
    let made = app.preview(request, f64::from(args.ppi)).await?;
    let files = write_preview(&args.out, &args.template, made)?;
    if show.json {
        show.document(&json!({ "ok": true, "files": files }));
    } else {
        files.iter().for_each(|file| show.line(&file.display().to_string()));
    }
    Ok(())
}

fn write_preview(folder: &Path, template: &str, made: Vec<(String, crate::typeset::Typeset)>) -> Result<Vec<PathBuf>, AppError> {
    let mut names = crate::naming::Names::default();
    let mut files = Vec::new();
    for (name, typeset) in made {
        let stem = if name.starts_with(template) { name } else { format!("{template}-{name}") };
        let stem = names.claim(&stem);
        files.push((format!("{stem}.pdf"), typeset.pdf));
        files.extend((1..).zip(typeset.images).map(|(number, image)| (format!("{stem}-{number}.png"), image)));
    }
    views::write(folder, &files)
}

fn template(command: TemplateCommand, app: &App, show: Show) -> Result<ExitCode, AppError> {
    match command {
        TemplateCommand::List => list(app, show),
        TemplateCommand::Show { template } => describe(&template, app, show),
        TemplateCommand::New { name, from } => {
            let created = app.new_template(&name, &from)?;
            listed(&created, show);
            Ok(ExitCode::SUCCESS)
        }
        TemplateCommand::Sheet { template, out } => {
            let path = out.unwrap_or_else(|| PathBuf::from(format!("{template}.xlsx")));
            app.sheet(&template, &path)?;
            if show.json {
                show.document(&json!({ "ok": true, "file": path }));
            } else {
                let shown = path.display();
                show.say(&say!(
                    "Đã tạo {shown}. Điền vào rồi chạy: vanthu run --template {template} --data {shown}",
                    "Made {shown}. Fill it, then run: vanthu run --template {template} --data {shown}"
                ));
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn list(app: &App, show: Show) -> Result<ExitCode, AppError> {
    let mut found = Vec::new();
    let mut problems = Vec::new();
    for entry in app.catalog().entries() {
        match app.template(&entry.name) {
            Ok(template) => found.push((entry, template)),
            Err(AppError::Input(diagnostics)) => problems.extend(diagnostics),
            Err(other) => return Err(other),
        }
    }
    if show.json {
        let templates: Vec<Value> = found
            .iter()
            .map(|(entry, template)| {
                json!({
                    "name": entry.name,
                    "title": template.manifest.title.in_language(show.language),
                    "description": template.manifest.description.in_language(show.language),
                    "version": template.manifest.version,
                    "from_workspace": entry.from_workspace,
                })
            })
            .collect();
        show.document(&json!({ "ok": problems.is_empty(), "templates": templates, "diagnostics": show.diagnostics_json(&problems) }));
    } else {
        for (entry, template) in &found {
            let mark = if entry.from_workspace { "*" } else { " " };
            let title = template.manifest.title.in_language(show.language);
            show.line(&format!("{mark} {:<20} {title}", entry.name));
        }
        show.diagnostics(&problems);
    }
    Ok(if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(INPUT_WRONG) })
}

fn describe(name: &str, app: &App, show: Show) -> Result<ExitCode, AppError> {
    let template = app.template(name)?;
    let manifest = &template.manifest;
    if show.json {
        show.document(&json!({
            "ok": true,
            "name": manifest.name,
            "version": manifest.version,
            "title": manifest.title.in_language(show.language),
            "description": manifest.description.in_language(show.language),
            "digest": template.digest,
            "options": manifest.options.iter().map(|(name, option)| (name.clone(), json!({ "values": option.values, "default": option.default }))).collect::<serde_json::Map<_, _>>(),
            "contract": template.contract.schema,
            "functions": functions::names().collect::<Vec<_>>(),
        }));
        return Ok(ExitCode::SUCCESS);
    }
    show.line(&format!("{} {} — {}", manifest.name, manifest.version, manifest.title.in_language(show.language)));
    show.line(manifest.description.in_language(show.language));
    show.say(&match template.contract.shape() {
        Shape::List => say!("\nMỗi dòng của bảng là một văn bản. Các trường:", "\nEach row is a document. Fields:"),
        Shape::Form => say!("\nMỗi bảng tính là một văn bản. Các trường:", "\nEach workbook is a document. Fields:"),
    });
    if show.language == Language::English {
        show.line("  (key, heading in the workbook, note; headings and notes exist in Vietnamese only; * is required)");
    }
    for field in &template.contract.fields {
        let required = if field.required { "*" } else { " " };
        let scope = if field.scope == Scope::Common { say!(" (chung)", " (common)") } else { say!("", "") };
        let columns = match &field.kind {
            contract::Kind::Table(columns) => {
                let titles = columns.iter().map(|column| column.title.as_str()).collect::<Vec<_>>().join(" | ");
                format!("\n      {titles}")
            }
            _ => String::new(),
        };
        show.line(&format!(
            "  {required} {:<18} {}{} — {}{columns}",
            field.name,
            field.title,
            scope.in_language(show.language),
            field.description
        ));
    }
    if !manifest.options.is_empty() {
        show.say(&say!("\nTùy chọn (--option TÊN=GIÁ TRỊ):", "\nOptions (--option NAME=VALUE):"));
        for (name, option) in &manifest.options {
            let title = option.title.in_language(show.language);
            show.line(&format!("    {name} = {}  [{}]  {title}", option.values.join(" | "), option.default));
            for value in option.values.iter().filter(|value| option.labels.contains_key(*value)) {
                show.line(&format!("        {value}: {}", option.label(value).in_language(show.language)));
            }
        }
    }
    let names = functions::names().collect::<Vec<_>>().join(" ");
    show.say(&say!("\nHàm dùng trong câu chữ: {names}", "\nFunctions for the wording: {names}"));
    Ok(ExitCode::SUCCESS)
}

fn init(args: &InitArgs, show: Show) -> Result<ExitCode, AppError> {
    let created = App::init(&args.folder)?;
    listed(&created, show);
    if !show.json {
        show.say(&say!(
            "Sửa vanthu.toml, rồi thử: vanthu template sheet giay-khen",
            "Edit vanthu.toml, then try: vanthu template sheet giay-khen"
        ));
    }
    Ok(ExitCode::SUCCESS)
}

fn fonts(app: &App, show: Show) -> Result<ExitCode, AppError> {
    let faces = app.fonts()?;
    let fit = faces.iter().all(|face| face.faults.is_empty());
    if show.json {
        let list: Vec<Value> = faces
            .iter()
            .map(|face| {
                json!({
                    "file": face.file, "family": face.family, "style": face.style, "bytes": face.bytes,
                    "vietnamese_letters": face.letters, "dong_sign": face.dong_sign,
                    "faults": face.faults.iter().map(|fault| fault.in_language(show.language)).collect::<Vec<_>>(),
                })
            })
            .collect();
        show.document(&json!({ "ok": fit, "fonts": list }));
    } else {
        for face in &faces {
            let dong = if face.dong_sign { "₫" } else { "–" };
            show.line(&format!("{:<20} {:<11} {:>3}/134 {dong}  {}", face.family, face.style, face.letters, face.file));
            for fault in face.faults.iter().take(5) {
                show.line(&format!("    {}", fault.in_language(show.language)));
            }
        }
        show.say(&if fit {
            say!(
                "Mọi phông đều vẽ đủ 134 chữ Việt, không hai chữ nào giống nhau.",
                "Every font draws all 134 Vietnamese letters, no two alike."
            )
        } else {
            say!("Có phông không dùng được cho tiếng Việt.", "Some fonts are unfit for Vietnamese.")
        });
    }
    Ok(if fit { ExitCode::SUCCESS } else { ExitCode::from(INPUT_WRONG) })
}

fn lint(args: &LintArgs, show: Show) -> Result<ExitCode, AppError> {
    let kind = match args.kind.as_deref() {
        None => None,
        Some(name) => Some(Kind::named(name).ok_or_else(|| {
            let kinds = Kind::ALL.map(Kind::name);
            AppError::Input(vec![
                Diagnostic::error("kind-unknown", say!("không phải loại tệp", "is not a kind of file")).with_value(name).remedy(
                    match nearest(name, kinds) {
                        Some(near) => say!("có phải “{near}”?", "did you mean `{near}`?"),
                        None => say!("chọn một trong: {}", "choose one of: {}", kinds.join(", ")),
                    },
                ),
            ])
        })?),
    };
    let options = crate::lint::Options { kind, academic_title_allowed: args.academic_title, ..Default::default() };
    let mut results = Vec::new();
    let mut passed = true;
    for file in &args.files {
        let shown = file.display().to_string();
        match App::lint(file, &options, args.pictures.as_deref()) {
            Ok(linted) => {
                passed &= linted.report.passes();
                if show.json {
                    let mut value = linted.report.to_json(show.language);
                    value["file"] = shown.into();
                    value["pictures"] = json!(linted.pictures);
                    results.push(value);
                } else {
                    show.diagnostics(&linted.report.to_diagnostics(&shown));
                    linted.pictures.iter().for_each(|picture| show.line(&picture.display().to_string()));
                    let count = linted.report.documents.len();
                    if count > 1 {
                        show.say(&say!("{shown}: {count} văn bản trong tệp", "{shown}: {count} documents in the file"));
                    }
                    if linted.report.findings.is_empty() {
                        show.say(&say!("{shown}: đúng thể thức", "{shown}: keeps to the decree"));
                    }
                }
            }
            Err(AppError::Input(diagnostics)) => {
                passed = false;
                if show.json {
                    results.push(json!({ "file": shown, "ok": false, "diagnostics": show.diagnostics_json(&diagnostics) }));
                } else {
                    show.diagnostics(&diagnostics);
                }
            }
            Err(other) => return Err(other),
        }
    }
    if show.json {
        show.document(&json!({ "ok": passed, "files": results }));
    }
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::from(INPUT_WRONG) })
}

async fn demo(args: &DemoArgs, app: &App, show: Show) -> Result<ExitCode, AppError> {
    let meter = Meter::new(show.language, show.json);
    let done = app.demo(&args.out, &meter, &stop_signal()).await;
    meter.finish();
    let done = done?;
    let ok = done.iter().all(|part| part.ran.is_complete());
    if show.json {
        let parts: Vec<Value> = done
            .iter()
            .map(|part| json!({ "title": part.title.in_language(show.language), "output": part.ran.output, "counts": part.ran.summary.as_ref().map(|summary| summary.counts) }))
            .collect();
        show.document(&json!({ "ok": ok, "batches": parts }));
        return Ok(if ok { ExitCode::SUCCESS } else { ExitCode::from(INPUT_WRONG) });
    }
    let mut total = 0;
    for part in &done {
        if let Some(summary) = &part.ran.summary {
            let made = summary.counts.made + summary.counts.kept;
            total += made;
            show.line(&format!("{made:>4}  {:<58}  {}", part.title.in_language(show.language), part.ran.output.display()));
            let problems: Vec<_> = summary.outcomes.iter().flat_map(|outcome| outcome.reasons.clone()).collect();
            show.diagnostics(&problems);
        }
        show.diagnostics(&part.ran.planned.diagnostics);
    }
    let folder = args.out.display();
    show.say(&say!("Đã tạo {total} văn bản trong {folder}/", "Made {total} documents in {folder}/"));
    let messages: u64 = done.iter().flat_map(|part| &part.ran.posted).map(|(_, count)| count).sum();
    show.say(&say!(
        "{messages} thư mẫu nằm trong {folder}/thu-di/ (mở bằng chương trình thư); không thư nào được gửi đi.",
        "{messages} sample messages are in {folder}/thu-di/ (a mail program opens them); none was sent."
    ));
    Ok(if ok { ExitCode::SUCCESS } else { ExitCode::from(INPUT_WRONG) })
}

fn listed(created: &[PathBuf], show: Show) {
    if show.json {
        show.document(&json!({ "ok": true, "created": created }));
    } else {
        created.iter().for_each(|path| show.line(&path.display().to_string()));
    }
}
