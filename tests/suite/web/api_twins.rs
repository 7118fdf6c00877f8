//! The pages and the API side by side: whatever a page can change, a program can change too.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use vanthu::server::api::DOCUMENT;
use vanthu::server::routes::{self, Door, Rule};

/// What a form of a page has for a program.
enum Twin {
    /// The operation of the API.
    Is(&'static str),
    /// Nothing, and why.
    None(&'static str),
}

use Twin::{Is, None as No};

const BROWSER: &str = "of a person in a browser: a program has a key instead of a login";

/// Every form with its operation.
const TWINS: [(&str, Twin); 75] = [
    ("/dang-nhap", No(BROWSER)),
    ("/dang-nhap/ma", No(BROWSER)),
    ("/dang-xuat", No(BROWSER)),
    ("/tai-khoan/mat-khau", No(BROWSER)),
    ("/tai-khoan/ma", No(BROWSER)),
    ("/tai-khoan/ma/xac-nhan", No(BROWSER)),
    ("/tai-khoan/ma/bo", No(BROWSER)),
    ("/thiet-lap", No("the first administrator is made before there can be a key")),
    ("/moi", No("a password is chosen by the person alone")),
    ("/ngon-ngu", No("problems of the API are in both languages")),
    ("/l/{link}", No("the link is for a recipient, who has no key; who has one fetches the document")),
    ("/tao/mau/{name}", Is("createDraft")),
    ("/tao/{id}/tep", Is("putDraftFile")),
    ("/tao/{id}/o", Is("correctCell")),
    ("/tao/{id}/bo-dong", Is("leaveRowOut")),
    ("/tao/{id}/trang", Is("setDraftOptions")),
    ("/tao/{id}/cot", Is("setDraftOptions")),
    ("/tao/{id}/hinh-thuc", Is("setDraftOptions")),
    ("/tao/{id}/xoa", Is("deleteDraft")),
    ("/tao/{id}/kiem-tra", Is("checkDraft")),
    ("/tao/{id}/tuy-chon", Is("setDraftOptions")),
    ("/tao/{id}/bat-dau", Is("submitDraft")),
    ("/tao/{id}/rut-lai", Is("withdrawDraft")),
    ("/tao/{id}/duyet", Is("approveDraft")),
    ("/tao/{id}/tra-lai", Is("rejectDraft")),
    ("/lo/{id}/tam-dung", Is("pauseBatch")),
    ("/lo/{id}/tiep", Is("resumeBatch")),
    ("/lo/{id}/huy", Is("cancelBatch")),
    ("/lo/{id}/lam-lai", Is("retryBatch")),
    ("/lo/{id}/gui", Is("releaseBatch")),
    ("/lo/{id}/thu-nghiem", Is("testMessage")),
    ("/lo/{id}/khong-gui", Is("dropMail")),
    ("/lo/{id}/kem", Is("setAttach")),
    ("/thu/{id}/quyet-dinh", Is("resolveDelivery")),
    ("/thu/{id}/dia-chi", Is("readdressDelivery")),
    ("/van-ban/{id}/lien-ket", Is("lendDocument")),
    ("/van-ban/{id}/lien-ket/{link}/thu-hoi", Is("takeLinkBack")),
    ("/van-ban/{id}/thu-hoi", Is("revokeDocument")),
    ("/van-ban/{id}/thay-the", Is("replaceDocument")),
    ("/so/{name}/giu-so", Is("reserveNumbers")),
    ("/so/{name}/so/{number}/huy", Is("voidNumber")),
    ("/so/{name}/so/{number}/ghi", Is("enterLate")),
    ("/lich/moi", Is("createSchedule")),
    ("/lich/{name}/tam-dung", Is("pauseSchedule")),
    ("/lich/{name}/tiep", Is("resumeSchedule")),
    ("/lich/{name}/chay", Is("runSchedule")),
    ("/lich/{name}/xoa", Is("removeSchedule")),
    ("/mau/{name}", Is("publishWords")),
    ("/mau/{name}/xem-thu", Is("tryWords")),
    ("/mau/{name}/quay-lai", Is("rollWordsBack")),
    ("/don-vi/{key}", Is("putOrganisation")),
    ("/don-vi/{key}/nguoi-ky/{index}", Is("putSignatory")),
    ("/don-vi/{key}/nguoi-ky/{index}/len-dau", Is("putSignatoryFirst")),
    ("/don-vi/{key}/nguoi-ky/{index}/xoa", Is("removeSignatory")),
    ("/don-vi/may-in", Is("putPrinter")),
    ("/don-vi/may-in/xoa", Is("removePrinter")),
    ("/don-vi/thu", Is("putMailSettings")),
    ("/don-vi/thu/thu-ket-noi", Is("testMailSettings")),
    ("/don-vi/phoi-moi", Is("putStock")),
    ("/don-vi/phoi/{name}", Is("putStock")),
    ("/don-vi/phoi/{name}/xoa", Is("removeStock")),
    ("/don-vi/phoi/{name}/truong", Is("putStockField")),
    ("/don-vi/phoi/{name}/truong/xoa", Is("removeStockField")),
    ("/nguoi-dung/moi", Is("createUser")),
    ("/nguoi-dung/{id}", Is("changeUser")),
    ("/nguoi-dung/{id}/lien-ket", Is("inviteUser")),
    ("/nguoi-dung/{id}/bo-ma", Is("endOneTimeCodes")),
    ("/nhat-ky/kiem-tra", Is("checkAudit")),
    ("/khoa", Is("createKey")),
    ("/khoa/{id}/thay", Is("rotateKey")),
    ("/khoa/{id}/thu-hoi", Is("revokeKey")),
    // A page's form that does several things has an operation for each.
    ("/mau/{name}", Is("keepWordsDraft")),
    ("/mau/{name}", Is("dropWordsDraft")),
    ("/thu/{id}/quyet-dinh", Is("retryDelivery")),
    ("/thu/{id}/quyet-dinh", Is("cancelDelivery")),
];

#[test]
fn whatever_a_form_does_a_program_can_do_with_the_same_right() {
    let described: Value = serde_json::from_str(DOCUMENT).expect("JSON");
    let operations: BTreeMap<&str, &str> = described["paths"]
        .as_object()
        .expect("paths")
        .values()
        .flat_map(|path| path.as_object().expect("operations").values())
        .map(|one| (one["operationId"].as_str().expect("a name"), one["x-scope"].as_str().unwrap_or_default()))
        .collect();
    let forms: BTreeMap<&str, &str> = routes::all()
        .iter()
        .filter(|route| route.door == Door::Page && route.method == "POST")
        .map(|route| match route.rule {
            Rule::Needs(right) => (route.path, right.name()),
            Rule::SignedIn | Rule::Public => (route.path, ""),
        })
        .collect();
    let told: BTreeSet<&str> = TWINS.iter().map(|(path, _)| *path).collect();
    assert_eq!(told, forms.keys().copied().collect(), "each form stands in the list, and nothing else does");
    for (path, twin) in &TWINS {
        match twin {
            Is(operation) => assert_eq!(operations.get(operation), forms.get(path), "{path}: {operation}"),
            No(reason) => assert!(!reason.is_empty(), "{path}"),
        }
    }
}

#[test]
fn every_operation_has_a_name_of_its_own_and_an_answer_that_is_described() {
    let described: Value = serde_json::from_str(DOCUMENT).expect("JSON");
    let mut names = BTreeSet::new();
    let schemas = described["components"]["schemas"].as_object().expect("schemas");
    let mut all = DOCUMENT;
    while let Some((_, rest)) = all.split_once("\"#/components/schemas/") {
        let (name, rest) = rest.split_once('"').expect("an end");
        assert!(schemas.contains_key(name), "no schema {name}");
        all = rest;
    }
    for (path, operations) in described["paths"].as_object().expect("paths") {
        for (method, one) in operations.as_object().expect("operations") {
            assert!(names.insert(one["operationId"].as_str().expect("a name").to_owned()), "{one}");
            let answers = one["responses"].as_object().expect("answers");
            let good = answers.iter().find(|(status, _)| status.starts_with('2')).unwrap_or_else(|| panic!("{method} {path}"));
            assert!(good.0 == "204" || good.1["content"].is_object(), "{method} {path}");
            let places = path.matches('{').count();
            let named = one["parameters"].as_array().into_iter().flatten().filter(|own| own["in"] == "path").count();
            assert_eq!(places, named, "{method} {path}");
        }
    }
}
