package main

import (
	"fmt"

	certmanager "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	podutil "k8s.io/kubernetes/pkg/api/pod"
	"k8s.io/kubernetes/pkg/api/service"
	"k8s.io/kubernetes/pkg/apis/apps"
	_ "k8s.io/kubernetes/pkg/apis/apps/install"
	appsvalidation "k8s.io/kubernetes/pkg/apis/apps/validation"
	"k8s.io/kubernetes/pkg/apis/autoscaling"
	_ "k8s.io/kubernetes/pkg/apis/autoscaling/install"
	autoscalingvalidation "k8s.io/kubernetes/pkg/apis/autoscaling/validation"
	"k8s.io/kubernetes/pkg/apis/core"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	corevalidation "k8s.io/kubernetes/pkg/apis/core/validation"
	"k8s.io/kubernetes/pkg/apis/networking"
	_ "k8s.io/kubernetes/pkg/apis/networking/install"
	networkingvalidation "k8s.io/kubernetes/pkg/apis/networking/validation"
	"k8s.io/kubernetes/pkg/apis/policy"
	_ "k8s.io/kubernetes/pkg/apis/policy/install"
	policyvalidation "k8s.io/kubernetes/pkg/apis/policy/validation"
	"k8s.io/kubernetes/pkg/apis/rbac"
	_ "k8s.io/kubernetes/pkg/apis/rbac/install"
	rbacvalidation "k8s.io/kubernetes/pkg/apis/rbac/validation"
	"k8s.io/pod-security-admission/api"
	podsecurity "k8s.io/pod-security-admission/policy"
)

// An API server puts what it creates into the namespace of the request.
const namespace = "test"

var strict = json.NewSerializerWithOptions(json.DefaultMetaFactory, legacyscheme.Scheme, legacyscheme.Scheme,
	json.SerializerOptions{Yaml: true, Strict: true})

func init() {
	for _, add := range []func(*runtime.Scheme) error{monitoring.AddToScheme, certmanager.AddToScheme} {
		if err := add(legacyscheme.Scheme); err != nil {
			panic(err)
		}
	}
}

// judge tells what is wrong with one manifest.
func judge(document []byte) []string {
	object, kind, err := strict.Decode(document, nil, nil)
	if err != nil {
		return []string{err.Error()}
	}
	metadata, err := meta.Accessor(object)
	if err != nil {
		return []string{err.Error()}
	}
	what := fmt.Sprintf("%s %s", kind.Kind, metadata.GetName())
	if metadata.GetNamespace() == "" {
		metadata.SetNamespace(namespace)
	}
	found := append(insecurities(object), invalidities(object)...)
	for i, problem := range found {
		found[i] = what + ": " + problem
	}
	return found
}

// invalidities applies defaults and validates the object, as a request to create it does.
func invalidities(versioned runtime.Object) []string {
	switch versioned.(type) {
	// Their schemas are all there is outside a cluster that has them installed.
	case *monitoring.ServiceMonitor, *certmanager.Certificate, *certmanager.Issuer:
		return nil
	}
	legacyscheme.Scheme.Default(versioned)
	object, err := legacyscheme.Scheme.UnsafeConvertToVersion(versioned, runtime.InternalGroupVersioner)
	if err != nil {
		return []string{err.Error()}
	}
	return messages(validate(object))
}

func validate(object runtime.Object) field.ErrorList {
	switch o := object.(type) {
	case *apps.Deployment:
		return appsvalidation.ValidateDeployment(o, podutil.GetValidationOptionsFromPodTemplate(&o.Spec.Template, nil))
	case *apps.DaemonSet:
		return appsvalidation.ValidateDaemonSet(o, podutil.GetValidationOptionsFromPodTemplate(&o.Spec.Template, nil))
	case *autoscaling.HorizontalPodAutoscaler:
		return autoscalingvalidation.ValidateHorizontalPodAutoscaler(o,
			autoscalingvalidation.HorizontalPodAutoscalerSpecValidationOptions{MinReplicasLowerBound: 1})
	case *core.Secret:
		return corevalidation.ValidateSecret(o)
	case *core.Service:
		// Filled in where the API server keeps services, before it validates.
		if o.Spec.ClusterIP != "" {
			o.Spec.ClusterIPs = []string{o.Spec.ClusterIP}
		}
		if service.NeedsHealthCheck(o) && o.Spec.HealthCheckNodePort == 0 {
			o.Spec.HealthCheckNodePort = 32000
		}
		return corevalidation.ValidateServiceCreate(o)
	case *core.ServiceAccount:
		return corevalidation.ValidateServiceAccount(o)
	case *core.PersistentVolumeClaim:
		return corevalidation.ValidatePersistentVolumeClaim(o, corevalidation.PersistentVolumeClaimSpecValidationOptions{})
	case *networking.NetworkPolicy:
		return networkingvalidation.ValidateNetworkPolicy(o, networkingvalidation.NetworkPolicyValidationOptions{})
	case *policy.PodDisruptionBudget:
		return policyvalidation.ValidatePodDisruptionBudget(o, policyvalidation.PodDisruptionBudgetValidationOptions{})
	case *rbac.Role:
		return rbacvalidation.ValidateRole(o)
	case *rbac.RoleBinding:
		return rbacvalidation.ValidateRoleBinding(o)
	}
	return field.ErrorList{field.InternalError(nil, fmt.Errorf("the validation of %T is not known here", object))}
}

func messages(list field.ErrorList) []string {
	var all []string
	for _, err := range list {
		all = append(all, err.Error())
	}
	return all
}

// insecurities tells why the restricted Pod Security Standard would refuse the object's pods.
func insecurities(object runtime.Object) []string {
	evaluator, err := podsecurity.NewEvaluator(podsecurity.DefaultChecks(), nil)
	if err != nil {
		return []string{err.Error()}
	}
	level := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	var results []podsecurity.CheckResult
	switch o := object.(type) {
	case *appsv1.Deployment:
		results = evaluator.EvaluatePod(level, &o.Spec.Template.ObjectMeta, &o.Spec.Template.Spec)
	case *appsv1.DaemonSet:
		results = evaluator.EvaluatePod(level, &o.Spec.Template.ObjectMeta, &o.Spec.Template.Spec)
	}
	var all []string
	for _, result := range results {
		if !result.Allowed {
			all = append(all, fmt.Sprintf("restricted: %s: %s", result.ForbiddenReason, result.ForbiddenDetail))
		}
	}
	return all
}
